using System.Text;

namespace OpenAi.Gateway.Tests.Models;

public class ModelRequestReaderTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("\\\"model\\\":\\\"x\\\",\\n \\\\", 100));

    [Fact]
    public void Fields_beside_long_texts_are_found()
    {
        var before = $$"""{"messages":[{"role":"user","content":"{{Long}}"},{"role":"user","content":[{"type":"text","text":"{{Long}}"}]}],""";
        var body = before + $$""" "model":"m","user":"{{Long}}","stream":true,"stream_options":{"x":"{{Long}}","include_usage":true},"max_completion_tokens":7}""";

        var request = Read(body)!;

        (request.Model, request.IsStream, request.ClientAsksForUsage, request.MaxOutputTokens).ShouldBe(("m", true, true, 7L));
        var member = request.ModelMember!.Value;
        Encoding.UTF8.GetBytes(body).AsSpan(member.Start..member.End).SequenceEqual("\"model\":\"m\""u8).ShouldBeTrue();
        request.InputBytes.ShouldBeInRange(3 * Long.Length, (3 * Long.Length) + 200);
    }

    [Fact]
    public void A_long_name_is_not_taken_for_none()
    {
        var name = new string('m', 2_000);

        var request = Read($$"""{"model":"{{name}}","service_tier":"{{name}}"}""")!;

        (request.Model, request.ServiceTier).ShouldBe((name, name));
    }

    [Theory]
    [InlineData("url")]
    [InlineData("\\u0075rl")]
    public void Of_a_picture_in_the_body_only_a_byte_counts(string name)
    {
        var data = $"data:image/png;base64,{new string('A', 100_000)}";

        var request = Read($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"{{{name}}}":"{{{data}}}"}}]}]}""")!;

        request.InputBytes.ShouldBeLessThan(200);
    }

    [Fact]
    public void Of_sound_in_the_body_only_a_byte_counts()
    {
        var data = new string('A', 100_000);

        var sound = Read($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"format":"wav","data":"{{{data}}}"}}]}]}""")!;
        var text = Read($$$"""{"model":"m","messages":[{"role":"user","input_audio":{"data":["{{{data}}}"]},"content":[{"type":"text","data":"{{{data}}}"}]}]}""")!;

        (sound.InputBytes, text.InputBytes).ShouldSatisfyAllConditions(
            bytes => bytes.Item1.ShouldBeLessThan(200), bytes => bytes.Item2.ShouldBeGreaterThan(200_000));
    }

    [Theory]
    [InlineData("""{"type":"input_audio","input_audio":{"format":"wav","data":"BASE64"}}""")]
    [InlineData("""{"type":"file","file":{"filename":"a.pdf","file_data":"BASE64"}}""")]
    [InlineData("""{"type":"image_generation_call","status":"completed","result":"BASE64"}""")]
    public void Of_sound_and_of_files_and_images_without_a_link_only_a_byte_counts(string part)
    {
        // As .NET writes it and as PHP does, and with the line breaks of mail.
        foreach (var base64 in new[] { "+/9A", "\\u002B\\/9A", "AAAA\\r\\n" })
        {
            var data = string.Concat(Enumerable.Repeat(base64, 10_000));

            var request = Read($$"""{"model":"m","messages":[{"role":"user","content":[{{part.Replace("BASE64", data)}}]}]}""")!;

            request.InputBytes.ShouldBeLessThan(200);
        }
    }

    [Fact]
    public void A_text_in_the_place_of_sound_counts_whole()
    {
        var text = string.Concat(Enumerable.Repeat("some words ", 1_000));

        var request = Read($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"{{{text}}}"}}]}]}""")!;

        request.InputBytes.ShouldBeGreaterThan(11_000);
    }

    [Fact]
    public void Of_sound_with_the_type_of_a_link_only_a_byte_counts()
    {
        var data = $"data:;base64,{new string('A', 100_000)}";

        var request = Read($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"{{{data}}}"}}]}]}""")!;

        request.InputBytes.ShouldBeLessThan(200);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("data")]
    public void A_text_counts_whole(string name) =>
        Read($$"""{"model":"m","messages":[{"{{name}}":"{{string.Concat(Enumerable.Repeat("some words ", 1_000))}}"}]}""")!
            .InputBytes.ShouldBeGreaterThan(11_000);

    [Theory]
    [InlineData("""{"model":"m","messages":"TEXT","model":"n"}""")]
    [InlineData("""{"messages":"TEXT","mod\u0065l":"m","model":"n"}""")]
    public void A_field_that_stands_there_twice_is_refused_behind_a_long_text(string body)
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, Encoding.UTF8.GetBytes(body.Replace("TEXT", Long)), maxDepth: 64, out _)!
            .Code.ShouldBe("duplicate_parameter");
    }

    [Theory]
    [InlineData("""{"model":"m","messages":"TEXT" """)]
    [InlineData("""{"model":"m","messages":"TEXT}""")]
    [InlineData("""{"model":"m","messages":"TEXT"}]""")]
    public void What_is_no_JSON_behind_a_long_text_is_no_request(string body) => Read(body.Replace("TEXT", Long)).ShouldBeNull();

    [Theory]
    [InlineData("{}", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=0")]
    [InlineData("""{"model":"m","service_tier":"flex"}""", ModelOperation.ChatCompletions, "model=m tier=flex n=1x1 max= doubt= bytes=22")]
    [InlineData("""{"model":null,"service_tier":5}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=22")]
    [InlineData("""{"model":5,"stream":"true"}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt=model bytes=16")]
    [InlineData("""{"model":5,"stream":"true"}""", ModelOperation.Other, "model= n=1x1 max= doubt=model bytes=16")]
    [InlineData("""{"stream":"true","model":5}""", ModelOperation.Other, "model= n=1x1 max= doubt=model bytes=16")]
    [InlineData("""{"Model":5,"STREAM":1}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt=Model bytes=13")]
    [InlineData("""{"stream":true,"background":true}""", ModelOperation.Responses, "model= stream background n=1x1 max= doubt= bytes=24")]
    [InlineData("""{"stream":false,"background":false}""", ModelOperation.Responses, "model= n=1x1 max= doubt= bytes=26")]
    [InlineData("""{"stream":null,"background":null}""", ModelOperation.Responses, "model= n=1x1 max= doubt= bytes=24")]
    [InlineData("""{"stream_options":{"include_usage":true}}""", ModelOperation.ChatCompletions, "model= usage n=1x1 max= doubt= bytes=14")]
    [InlineData("""{"stream_options":{"include_usage":false}}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=14")]
    [InlineData("""{"stream_options":{"include_usage":null}}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=14")]
    [InlineData("""{"stream_options":{"x":[{"include_usage":true}],"include_usage":{"include_usage":true}},"n":2}""", ModelOperation.ChatCompletions, "model= n=2x1 max= doubt= bytes=16")]
    [InlineData("""{"n":3,"best_of":2}""", ModelOperation.Completions, "model= n=3x1 max=16 doubt= bytes=10")]
    [InlineData("""{"n":2,"best_of":3}""", ModelOperation.Completions, "model= n=3x1 max=16 doubt= bytes=10")]
    [InlineData("""{"n":-2,"max_tokens":0}""", ModelOperation.Completions, "model= n=1x1 max=max_tokens:0 doubt= bytes=14")]
    [InlineData("""{"n":1e3,"max_tokens":1e30}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt=n bytes=18")]
    [InlineData("""{"max_tokens":7,"max_completion_tokens":5}""", ModelOperation.ChatCompletions, "model= n=1x1 max=max_tokens:7 doubt= bytes=33")]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":7}""", ModelOperation.ChatCompletions, "model= n=1x1 max=max_completion_tokens:7 doubt= bytes=33")]
    [InlineData("""{"max_tokens":null,"max_output_tokens":7}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=32")]
    [InlineData("""{"prompt":"ab"}""", ModelOperation.Completions, "model= n=1x1 max=16 doubt= bytes=8")]
    [InlineData("""{"prompt":[]}""", ModelOperation.Completions, "model= n=1x1 max=16 doubt= bytes=7")]
    [InlineData("""{"prompt":["a","b","c"]}""", ModelOperation.Completions, "model= n=1x3 max=16 doubt= bytes=10")]
    [InlineData("""{"prompt":["a","b","c"]}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt= bytes=10")]
    [InlineData("""{"other":["a","b","c"]}""", ModelOperation.Completions, "model= n=1x1 max=16 doubt= bytes=9")]
    [InlineData("""{"prompt":[100,200,300],"other":[100,200]}""", ModelOperation.Completions, "model= n=1x1 max=16 doubt= bytes=22")]
    [InlineData("""{"prompt":[[100,200],[300]]}""", ModelOperation.Completions, "model= n=1x2 max=16 doubt= bytes=14")]
    [InlineData("""{"prompt":[["a"],["b",["c"]]]}""", ModelOperation.Completions, "model= n=1x2 max=16 doubt= bytes=16")]
    [InlineData("""{"prompt":{"a":"b","c":"d"}}""", ModelOperation.Completions, "model= n=1x1 max=16 doubt= bytes=11")]
    [InlineData("""{"input":[100,200]}""", ModelOperation.Embeddings, "model= n=1x1 max= doubt= bytes=8")]
    [InlineData("""{"models":["a","b"],"fallbacks":["c"]}""", ModelOperation.ChatCompletions, "model= others=a,b,c n=1x1 max= doubt= bytes=20")]
    [InlineData("""{"models":["a",{"model":"b"}],"fallbacks":[5]}""", ModelOperation.ChatCompletions, "model= others=a,b n=1x1 max= doubt=models bytes=27")]
    [InlineData("""{"models":["a",{"model":"b"}],"fallbacks":[5]}""", ModelOperation.Other, "model= others=a,b n=1x1 max= doubt= bytes=27")]
    [InlineData("""{"fallbacks":[5],"models":[6]}""", ModelOperation.ChatCompletions, "model= n=1x1 max= doubt=fallbacks bytes=19")]
    public void It_reads_what_the_gateway_acts_on(string body, ModelOperation operation, string expected)
    {
        var request = Read(body, operation)!;

        request.AskedModel.ShouldBe(request.Model);
        string[] words =
        [
            $"model={request.Model}",
            request.ServiceTier is { } tier ? $"tier={tier}" : "",
            request.IsStream ? "stream" : "",
            request.IsBackground ? "background" : "",
            request.ClientAsksForUsage ? "usage" : "",
            request.OtherModels is { } others ? $"others={string.Join(',', others)}" : "",
            $"n={request.Choices}x{request.Prompts}",
            $"max={(request.DeclaredMaxField is { } field ? $"{field}:" : "")}{request.MaxOutputTokens}",
            $"doubt={request.Doubt?.Param}",
            $"bytes={request.InputBytes}",
        ];
        string.Join(' ', words.Where(word => word.Length > 0)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("""{"stream_options": {"include_usage" : false , "x":1}}""", """{"stream_options": {"include_usage" : true , "x":1}}""")]
    [InlineData("""{"stream_options":{"x":1,"include_usage":null}}""", """{"stream_options":{"x":1,"include_usage":true}}""")]
    [InlineData("""{"stream_options": null }""", """{"stream_options": {"include_usage":true} }""")]
    [InlineData("""{"stream_options":{ }}""", """{"stream_options":{"include_usage":true }}""")]
    [InlineData("""{"stream_options":{ "x":1}}""", """{"stream_options":{"include_usage":true, "x":1}}""")]
    public void The_usage_is_asked_for_where_the_client_could_have(string body, string expected)
    {
        var request = Read(body)!;

        request.AskForUsage();

        using var asked = request.ToBody();
        Encoding.UTF8.GetString(asked.Memory.Span).ShouldBe(expected);
    }

    [Fact]
    public void No_name_is_too_long_to_be_known_when_each_of_its_letters_is_escaped()
    {
        foreach (var name in ModelFields.Names.Select(name => name.ToUpperInvariant()))
        {
            Read($"{{\"{string.Concat(name.Select(letter => $"\\u{(int)letter:x4}"))}\":5}}")!.Doubt!.Param.ShouldBe(name);
        }
    }

    private static ModelRequest? Read(string body, ModelOperation operation = ModelOperation.ChatCompletions)
    {
        ModelRequestReader.Read(operation, Encoding.UTF8.GetBytes(body), maxDepth: 64, out var request).ShouldBeNull();
        return request;
    }
}
