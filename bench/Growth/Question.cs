using System.Text;
using OpenAi.Gateway.Testing;

namespace Growth;

/// <summary>Requests as bytes.</summary>
internal static class Question
{
    public static byte[] To(string path, int number = 0, bool isStream = false, params IEnumerable<(string Name, string Value)> headers) =>
        PreparedClient.Post(path, Body(number, isStream), headers);

    /// <summary>The credentials of one of the host's consumers.</summary>
    public static (string Name, string Value) CredentialsOf(int consumer) =>
        ("Authorization", "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"username{consumer}:password{consumer}")));

    private static string Body(int number, bool isStream) =>
        "{\"model\":\"gpt-4.1-mini\",\"prompt\":\"Write a brief product description for Apple 13 pro, number " + $"{number}\""
        + (isStream ? ",\"stream\":true" : "") + ",\"temperature\":0,\"max_tokens\":256}";
}
