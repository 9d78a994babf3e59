using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAi.Gateway.Tests.Bridge;

public class CompletionBridgeOptionsTests
{
    /// <summary>A case's name, what is set for the model "old", members of the request, and the chat request up to its messages.</summary>
    public static TheoryData<string, Action<CompletionBridgeModelOptions>, string, string> Models => new()
    {
        { "the model", _ => { }, "", """{"model":"new","max_completion_tokens":16""" },
        { "a string", model => model.Set["reasoning_effort"] = "low", "", """{"model":"new","max_completion_tokens":16,"reasoning_effort":"low" """ },
        { "a string as JSON", model => model.Set["reasoning_effort"] = "\"low\"", "", """{"model":"new","max_completion_tokens":16,"reasoning_effort":"low" """ },
        { "a string with a quote", model => model.Set["x"] = "a\"b", "", """{"model":"new","max_completion_tokens":16,"x":"a\u0022b" """ },
        { "an empty string", model => model.Set["x"] = "", "", """{"model":"new","max_completion_tokens":16,"x":"" """ },
        { "a number", model => model.Set["temperature"] = "0.5", "", """{"model":"new","max_completion_tokens":16,"temperature":0.5""" },
        { "a boolean", model => model.Set["store"] = "false", "", """{"model":"new","max_completion_tokens":16,"store":false""" },
        { "a boolean of configuration", model => model.Set["store"] = "True", "", """{"model":"new","max_completion_tokens":16,"store":true""" },
        { "null", model => model.Set["user"] = "null", "", """{"model":"new","max_completion_tokens":16,"user":null""" },
        { "an object", model => model.Set["metadata"] = """{"a": 1}""", "", """{"model":"new","max_completion_tokens":16,"metadata":{"a": 1}""" },
        { "in the client's place", model => model.Set["temperature"] = "1", """ "temperature":0,"top_p":1,""", """{"model":"new","max_completion_tokens":16,"top_p":1,"temperature":1""" },
        { "in the place of max_tokens", model => model.Set["max_completion_tokens"] = "900", """ "max_tokens":5,""", """{"model":"new","max_completion_tokens":900""" },
        { "a dropped field", model => model.Drop.Add("temperature"), """ "temperature":0,"top_p":1,""", """{"model":"new","max_completion_tokens":16,"top_p":1""" },
        { "a dropped field with an escaped name", model => model.Drop.Add("temperature"), """ "temper\u0061ture":0,""", """{"model":"new","max_completion_tokens":16""" },
        { "dropped max_completion_tokens", model => model.Drop.Add("max_completion_tokens"), """ "max_tokens":5,"top_p":1,""", """{"model":"new","top_p":1""" },
        { "dropped logprobs", model => model.Drop.Add("logprobs"), """ "logprobs":5,""", """{"model":"new","max_completion_tokens":16""" },
        { "dropped top_logprobs", model => model.Drop.Add("top_logprobs"), """ "logprobs":5,""", """{"model":"new","max_completion_tokens":16,"logprobs":true""" },
    };

    /// <summary>A setting that is wrong, and words of the message.</summary>
    public static TheoryData<Action<CompletionBridgeOptions>, string> Wrong => new()
    {
        { bridge => bridge.DefaultModel = "", "DefaultModel" },
        { bridge => bridge.Path = "", "Path is empty" },
        { bridge => bridge.Path = "v1/chat/completions", "must begin with '/'" },
        { bridge => bridge.Path = "/v1/chat?a=b", "Path" },
        { bridge => bridge.ModelHeader = "", "ModelHeader" },
        { bridge => bridge.ModelHeader = "a b", "'a b' is not the name of a header" },
        { bridge => bridge.MaxPrompts = 0, "MaxPrompts must be between 1 and 1000" },
        { bridge => bridge.Map("old", ""), "Models:old:Model" },
        { bridge => bridge.Map("old", "new", model => model.SystemMessage = ""), "Models:old:SystemMessage" },
        { bridge => bridge.Map("old", "new", model => model.Name = ""), "Models:old:Name" },
        { bridge => bridge.Map("a", "new").Map("b", "new", model => model.Name = "a"), "Models:b" },
        { bridge => bridge.Map("old", "new", model => model.Set["messages"] = "[]"), "Models:old:Set:messages" },
        { bridge => bridge.Map("old", "new", model => model.Set["n"] = "2"), "Models:old:Set:n" },
        { bridge => bridge.Map("old", "new", model => model.Set["x"] = null!), "Models:old:Set:x" },
        { bridge => bridge.Models["old"] = null!, "Models:old" },
        { bridge => bridge.Map("old", "new", model => model.Drop.Add("stream")), "'stream', which cannot be left out" },
        { bridge => bridge.Map("old", "new", model => model.Drop.Add("max_tokens")), "Drop 'max_completion_tokens'" },
        { bridge => bridge.Map("old", "new", model => (model.Set["x"] = "1").ToString()).Map("c", "d", model => { model.Set["x"] = "1"; model.Drop.Add("x"); }), "'x', which is set as well" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_has_fields_of_its_own(string name, Action<CompletionBridgeModelOptions> configure, string sent, string expected)
    {
        var request = BridgeText.Request($$"""{"model":"old",{{sent.Trim()}}"prompt":"a"}""", bridge => bridge.Map("old", "new", configure));

        BridgeRequestTests.ChatBody(request, 0).ShouldBe(expected.Trim() + ""","messages":[{"role":"user","content":"a"}]}""", name);
        (request.AskedModel, request.Model).ShouldBe(("old", "new"));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_setting_is_told(Action<CompletionBridgeOptions> configure, string expected) =>
        Should.Throw<OptionsValidationException>(() => BridgeText.Bridge(configure)).Message.ShouldContain(expected);

    [Theory]
    [InlineData("old", "new")]
    [InlineData("OLD", "other")]
    [InlineData("unknown", "other")]
    public void Names_that_are_not_listed_have_the_default(string asked, string expected) =>
        BridgeText.Request($$"""{"model":"{{asked}}","prompt":"a"}""", bridge => bridge.Map("old", "new").DefaultModel = "other").Model.ShouldBe(expected);

    [Fact]
    public void Dropped_logprobs_are_not_awaited() => BridgeText.Request(
        """{"model":"old","prompt":"a","logprobs":1}""", bridge => bridge.Map("old", "new", model => model.Drop.Add("logprobs"))).HasLogprobs.ShouldBeFalse();

    [Fact]
    public void The_system_message_stands_before_each_prompt()
    {
        var request = BridgeText.Request(
            """{"model":"old","prompt":["a","b"]}""", bridge => bridge.Map("old", "new", model => model.SystemMessage = "Continue the \"text\"."));

        BridgeRequestTests.ChatBody(request, 1).ShouldBe(
            """{"model":"new","max_completion_tokens":16,"messages":[{"role":"system","content":"Continue the \u0022text\u0022."},{"role":"user","content":"b"}]}""");
    }

    [Fact]
    public void Configuration_says_the_same()
    {
        var bridge = CompletionBridge.From(Json("""
            {
              "Models": {
                "old": { "Model": "new", "SystemMessage": "Continue.", "Set": { "reasoning_effort": "low", "seed": 7, "store": true }, "Drop": ["temperature"] },
                "tuned": { "Name": "ft:babbage-002:acme::1", "Model": "newer" }
              },
              "DefaultModel": "other", "Path": "/openai/v1/chat/completions", "ModelHeader": "X-Model", "MaxPrompts": 2
            }
            """));

        (bridge.Options.Path, bridge.Options.ModelHeader, bridge.Options.MaxPrompts).ShouldBe(("/openai/v1/chat/completions", "X-Model", 2));
        bridge.TargetOf("ft:babbage-002:acme::1").Model.ShouldBe("newer");
        bridge.TargetOf("x").Model.ShouldBe("other");
        BridgeRequest.Parse("""{"model":"old","prompt":"a","temperature":0}"""u8.ToArray(), bridge, out var request).ShouldBeNull();
        BridgeRequestTests.ChatBody(request!, 0).ShouldBe(
            """{"model":"new","max_completion_tokens":16,"reasoning_effort":"low","seed":7,"store":true,"messages":[{"role":"system","content":"Continue."},{"role":"user","content":"a"}]}""");
    }

    [Theory]
    [InlineData("""{ "Modells": { "old": { "Model": "new" } } }""", "Modells")]
    [InlineData("""{ "Models": { "old": { "Model": "new", "Sett": {} , "Sets": { "a": "b" } } } }""", "Sets")]
    [InlineData("""{ "Models": { "old": { "Model": "new", "Set": { "metadata": { "a": 1 } } } } }""", "Bridge:Models:old:Set:metadata is an object or a list")]
    [InlineData("""{ "Models": { "ft:old": { "Model": "new" } } }""", "old")]
    public void Configuration_that_says_something_else_is_refused(string json, string expected) =>
        Should.Throw<Exception>(() => CompletionBridge.From(Json(json))).Message.ShouldContain(expected);

    private static IConfigurationSection Json(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Bridge": {{json}} }"""))).Build().GetSection("Bridge");
}
