namespace OpenAi.Gateway.Tests.Bridge;

/// <summary>An upstream's error names fields of the chat request, which the client did not send.</summary>
public class BridgeErrorTests
{
    [Theory]
    [InlineData("messages", "prompt")]
    [InlineData("messages[0].content", "prompt")]
    [InlineData("messages.[0].content", "prompt")]
    [InlineData("max_completion_tokens", "max_tokens")]
    [InlineData("top_logprobs", "logprobs")]
    [InlineData("temperature", "temperature")]
    [InlineData("messages2", "messages2")]
    [InlineData("", "")]
    public void The_field_is_named_as_the_client_sent_it(string chat, string expected) =>
        BridgeText.Error($$$"""{ "a":[{"param":"messages"}], "error": {"message":"\u00e9", "type":"t", "param": "{{{chat}}}", "code":null}}""")
            .ShouldBe($$$"""{ "a":[{"param":"messages"}], "error": {"message":"\u00e9", "type":"t", "param": "{{{expected}}}", "code":null}}""");

    [Theory]
    [InlineData("")]
    [InlineData("<html>messages</html>")]
    [InlineData("""{"error":{"message":"a","param":null}}""")]
    [InlineData("""{"error":{"message":"a"}}""")]
    [InlineData("""{"error":"messages"}""")]
    [InlineData("""{"param":"messages"}""")]
    [InlineData("""[{"error":{"param":"messages"}}]""")]
    [InlineData("""{"error":{"param":["messages"]}}""")]
    [InlineData("""{"error":{"message":"a""")]
    public void Everything_else_stays(string body) => BridgeText.Error(body).ShouldBe(body);
}
