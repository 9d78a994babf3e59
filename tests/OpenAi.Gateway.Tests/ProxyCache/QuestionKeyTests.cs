using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace OpenAi.Gateway.Tests.ProxyCache;

/// <summary>What of a question is part of its key.</summary>
public class QuestionKeyTests
{
    private const string Asked = """{"model":"m","messages":[{"role":"user","content":"x"}],"n":1}""";

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":true}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":false}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":null,"stream_options":null}""")]
    [InlineData("""{"stream":true,"model":"m","messages":[{"role":"user","content":"x"}],"n":1}""")]
    [InlineData("""{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"n":1,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"stream":true,"stream_options":{"include_usage":true},"model":"m","messages":[{"role":"user","content":"x"}],"n":1}""")]
    [InlineData("""{"stream_options":{"include_usage":false},"stream":true,"model":"m","messages":[{"role":"user","content":"x"}],"n":1}""")]
    [InlineData("""{"stream_options": { "include_usage" : true } , "stream": true, "model":"m","messages":[{"role":"user","content":"x"}],"n":1}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream_options":{}, "stream":true}""")]
    public void The_form_of_the_answer_is_not(string body) => KeyOf(body).ShouldBe(KeyOf(Asked));

    [Theory]
    [InlineData("{", ",", "}")]
    [InlineData("{\n  ", " ,\n  ", "\n}")]
    public void The_form_is_not_wherever_it_stands(string begin, string separator, string end)
    {
        string[] form = ["\"stream\":true", "\"stream_options\":{\"include_usage\":true}"];
        string[] members = ["\"model\":\"m\"", "\"n\":1", .. form];
        string Body(IEnumerable<string> some) => begin + string.Join(separator, some) + end;
        foreach (var some in Enumerable.Range(0, 16).SelectMany(set => Orders([.. members.Where((_, i) => (set & (1 << i)) != 0)])))
        {
            KeyOf(Body(some)).ShouldBe(Body(some.Except(form)), Body(some));
        }
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":true,"stream_options":{"include_obfuscation":false}}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":true,"stream_options":{"include_obfuscation":true}}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":true,"stream_options":[]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":1,"stream":"true"}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x","stream":true}],"n":1}""")]
    [InlineData("""{"model":"m2","messages":[{"role":"user","content":"x"}],"n":1}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"y"}],"n":1}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":2}""")]
    public void All_else_is(string body) => KeyOf(body).ShouldNotBe(KeyOf(Asked));

    [Theory]
    [InlineData("""{"include_obfuscation":false}""")]
    [InlineData("""{"include_usage":true,"include_obfuscation":false}""")]
    [InlineData("""{"include_obfuscation":false,"include_usage":false}""")]
    public void Other_stream_options_are_one_key_with_and_without_usage(string options) =>
        KeyOf($$"""{"model":"m","stream":true,"stream_options":{{options}}}""")
            .ShouldBe(KeyOf("""{"model":"m","stream_options":{"include_obfuscation":false}}"""));

    [Fact]
    public void In_the_responses_api_the_form_is()
    {
        KeyOf("""{"model":"m","input":"x","stream":true}""", ModelOperation.Responses).ShouldNotBe(KeyOf("""{"model":"m","input":"x"}""", ModelOperation.Responses));
    }

    [Fact]
    public void Another_value_of_any_field_is_another_key_wherever_the_form_stands()
    {
        string[] forms = ["", "\"stream\":true,", "\"stream\":true,\"stream_options\":{\"include_usage\":true},"];
        Prop.ForAll<NonNull<string>, NonNull<string>, byte>((one, other, place) =>
        {
            string Body(string value, string form)
            {
                var members = new[] { $"\"model\":\"{Hex(value)}\",", $"\"x{place}\":\"{Hex(value)}\",", "\"n\":1," };
                return "{" + string.Concat(members[..(place % 3)]) + form + string.Concat(members[(place % 3)..]) + "\"z\":\"" + Hex(value) + "\"}";
            }

            var keys = forms.Select(form => KeyOf(Body(one.Get, form))).Distinct().Count();
            return keys == 1 && (KeyOf(Body(one.Get, forms[1])) == KeyOf(Body(other.Get, forms[2]))) == (one.Get == other.Get);
        }).QuickCheckThrowOnFailure();
    }

    // As the stage leaves the request: it asks for the usage in the client's stead.
    private static string KeyOf(string body, ModelOperation operation = ModelOperation.ChatCompletions)
    {
        ModelRequestReader.Read(operation, Encoding.UTF8.GetBytes(body), maxDepth: 64, out var model).ShouldBeNull();
        if (model is { IsStream: true, ClientAsksForUsage: false, Operation: ModelOperation.ChatCompletions })
        {
            model.AskForUsage();
        }

        using var writer = new PooledBytes(body.Length);
        QuestionKey.Write(model!, writer);
        return Encoding.UTF8.GetString(writer.Span);
    }

    private static IEnumerable<string[]> Orders(string[] members) => members.Length == 0
        ? [[]]
        : members.SelectMany(first => Orders([.. members.Where(other => other != first)]), (first, others) => new[] { first }.Concat(others).ToArray());

    private static string Hex(string text) => Convert.ToHexString(Encoding.Unicode.GetBytes(text));
}
