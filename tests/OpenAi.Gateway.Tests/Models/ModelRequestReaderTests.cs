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

    private static ModelRequest? Read(string body)
    {
        ModelRequestReader.Read(ModelOperation.ChatCompletions, Encoding.UTF8.GetBytes(body), maxDepth: 64, out var request).ShouldBeNull();
        return request;
    }
}
