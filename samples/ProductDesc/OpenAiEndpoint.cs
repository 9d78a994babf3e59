using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenAiSimulator;

namespace ProductDesc;

/// <summary>Where the model answers, chosen by the two environment variables that OpenAI's own SDKs read.</summary>
internal sealed class OpenAiEndpoint
{
    private const string KeyVariable = "OPENAI_API_KEY";
    private const string BaseUrlVariable = "OPENAI_BASE_URL";
    private const string OpenAiBaseUrl = "https://api.openai.com/v1";

    private OpenAiEndpoint(string address, string? apiKey, string description)
    {
        Address = address;
        ApiKey = apiKey;
        Description = description;
    }

    public string Address { get; }

    /// <summary>Null when the upstream needs none.</summary>
    public string? ApiKey { get; }

    private string Description { get; }

    public static async Task<OpenAiEndpoint> ChooseAsync()
    {
        var key = Read(KeyVariable);
        var baseUrl = Read(BaseUrlVariable);
        if (key is null && baseUrl is null)
        {
            var simulator = await OpenAiSimulatorHost.StartAsync();
            return new(BaseOf(simulator.Urls.Single()), "sk-simulator", $"a built-in simulator of OpenAI; set {KeyVariable} for the real one");
        }

        var address = BaseOf(baseUrl ?? OpenAiBaseUrl);
        return new(address, key, key is null ? $"{address}, without a key" : address);
    }

    /// <summary>Says which upstream is used and what to try, once the app listens.</summary>
    public void Announce(WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        // A test server has no addresses.
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
        Console.WriteLine($$"""

            Upstream: {{Description}}

            Try it:
              curl -i -u username1:password1 {{addresses?.FirstOrDefault()}}/openai/product/desc -X POST -d '{
                "model":"text-davinci-003",
                "prompt":"Write a brief product description for Apple 13 pro",
                "temperature":0,
                "max_tokens":256
              }'

            """);
    });

    // Requests go below it, as with the SDKs, whatever its path is. A server without a path has the API below /v1.
    private static string BaseOf(string baseUrl)
    {
        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new InvalidOperationException(
                $"{BaseUrlVariable} is not an absolute http or https URL. Write it like {OpenAiBaseUrl}, or remove it.");
        }

        var address = baseUrl.TrimEnd('/');
        return uri.AbsolutePath == "/" ? address + "/v1" : address;
    }

    private static string? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
