using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OpenAi.Gateway.Tests.Forwarding;

/// <summary>A client that is answered before it has sent its whole body may send the rest of it, and then its next request.</summary>
public sealed class EarlyAnswerTests
{
    private const string Subject = "CN=localhost";
    private const string Rest = "the rest";
    private static readonly string Begun = new('x', 60_000);

    public static TheoryData<string, string, string> Framings => new()
    {
        { "Content-Length: 60008", "", Rest },
        { "Transfer-Encoding: chunked", "ea68\r\n", Rest + "\r\n0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Who_was_refused_by_the_upstream_goes_on_with_the_connection(string framing, string before, string rest)
    {
        await using var upstream = await StartRefusingAsync();
        await using var gateway = await GatewayHost.StartAsync(options => options
            .AddNode(upstream.Urls.Single())
            .ConfigureHandler(handler => handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == Subject)
            .MaxBufferedBody = 1_000);
        await using var client = await gateway.ConnectAsync();

        // Often, as whether the server met the gateway's read was a matter of luck.
        for (var upload = 0; upload < 20; upload++)
        {
            await client.SendAsync(Request.Head(framing) + before + Begun);
            (await client.ReadAnswerAsync()).Status.ShouldBe(400);
            await client.SendAsync(rest);
        }

        gateway.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Who_was_too_slow_goes_on_with_the_connection(string framing, string before, string rest)
    {
        var time = new ManualTimeProvider();
        await using var upstream = RawUpstream.Start();
        await using var gateway = await GatewayHost.StartAsync(
            options => (options.AddNode(upstream.Address).MaxBufferedBody, options.FirstByteTimeout) = (1_000, TimeSpan.FromSeconds(9)), time: time);
        await using var client = await gateway.ConnectAsync();

        await client.SendAsync(Request.Head(framing) + before + Begun);
        await upstream.NextAsync();
        time.Advance(TimeSpan.FromSeconds(9));
        (await client.ReadAnswerAsync()).Status.ShouldBeOneOf(408, 504); // It may not wait for the client yet.
        await client.SendAsync(rest + Request.Of("PATCH", "/v1/models", null));

        (await client.ReadAnswerAsync()).Status.ShouldBe(405);
        gateway.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Error);
    }

    // Of HTTP/2, as providers are: over HTTP/1.1 .NET waits with an answer until the request has been sent.
    private static async Task<WebApplication> StartRefusingAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var named = new CertificateRequest(Subject, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var certificate = X509CertificateLoader.LoadPkcs12(named.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return context.Response.WriteAsync("{}");
        });
        await app.StartAsync();
        return app;
    }
}
