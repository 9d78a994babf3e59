using System.Text.Json;

namespace OpenAi.Gateway.Tests.Forwarding;

internal static class TestExtensions
{
    public static OpenAiUpstreamOptions To(this OpenAiUpstreamOptions options, params IEnumerable<ScriptedUpstream> nodes)
    {
        foreach (var node in nodes)
        {
            options.AddNode(node.Address.ToString());
        }

        return options;
    }

    /// <summary>The answer must be the gateway's own error, whole and in the exact form, and show no secret and no address.</summary>
    public static void ShouldBeError(this RawAnswer answer, int status, string code)
    {
        answer.Status.ShouldBe(status, answer.RawText);
        answer.End.ShouldBe(RawEnd.Complete);
        answer.Headers["Content-Type"].ShouldBe("application/json");
        answer.RawText.ShouldNotContain(GatewayHost.Key);
        answer.RawText.ShouldNotContain("127.0.0.1");
        answer.RawText.ShouldNotContain(".invalid");

        using var json = JsonDocument.Parse(answer.Body);
        json.RootElement.EnumerateObject().Select(member => member.Name).ShouldBe(["error_msg", "error"]);
        var error = json.RootElement.GetProperty("error");
        error.EnumerateObject().Select(member => member.Name).ShouldBe(["message", "type", "param", "code"]);
        error.GetProperty("code").GetString().ShouldBe(code);
        error.GetProperty("type").GetString().ShouldNotBeNullOrEmpty();
        error.GetProperty("message").GetString().ShouldBe(json.RootElement.GetProperty("error_msg").GetString());
    }
}
