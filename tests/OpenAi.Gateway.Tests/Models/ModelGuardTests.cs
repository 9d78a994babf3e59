using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Models;

/// <summary>What a request must be where a policy acts on its body, so that gateway and upstream cannot read it differently.</summary>
public class ModelGuardTests
{
    [Theory]
    [InlineData("""{"model":"m"}""", 200, null, null)]
    [InlineData(" {\"\\u006dodel\" : \"\\u006d\" } ", 200, null, null)]
    [InlineData("""{"model":"m","max_tokens":null,"n":null,"stream":null,"Temperature":1,"extra":{"Model":1}}""", 200, null, null)]
    [InlineData("""{"model":"other"}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"\u006dodel":"other"}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"M"}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"m "}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":""}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"m","model":"other"}""", 400, "duplicate_parameter", "model")]
    [InlineData("""{"model":"m","\u006d\u006fdel":"other"}""", 400, "duplicate_parameter", "model")]
    [InlineData("""{"model":"m","Model":"other"}""", 400, "unknown_parameter", "Model")]
    [InlineData("""{"model":"m","MODEL":"other"}""", 400, "unknown_parameter", "MODEL")]
    [InlineData("""{"model":"m","\u004dodel":"other"}""", 400, "unknown_parameter", "Model")]
    [InlineData("""{"model":"m","max_to\u212Aens":9}""", 400, "unknown_parameter", "max_to\u212Aens")]
    [InlineData("""{"model":"m","\u017Ftream":true}""", 400, "unknown_parameter", "\u017Ftream")]
    [InlineData("""{"model":7}""", 400, "invalid_value", "model")]
    [InlineData("""{"model":["m"]}""", 400, "invalid_value", "model")]
    [InlineData("""{"model":null}""", 400, "missing_required_parameter", "model")]
    [InlineData("""{"messages":[]}""", 400, "missing_required_parameter", "model")]
    [InlineData("{}", 400, "missing_required_parameter", "model")]
    [InlineData("", 400, "invalid_json", null)]
    [InlineData("[]", 400, "invalid_json", null)]
    [InlineData("model=m", 400, "invalid_json", null)]
    [InlineData("""{"model":"m"}{"model":"other"}""", 400, "invalid_json", null)]
    [InlineData("""{"model":"m"} x""", 400, "invalid_json", null)]
    [InlineData("""{"model":"m",}""", 400, "invalid_json", null)]
    [InlineData("""{"model":"m"/**/}""", 400, "invalid_json", null)]
    [InlineData("""{"model":"m" """, 400, "invalid_json", null)]
    [InlineData("\uFEFF{\"model\":\"m\"}", 400, "invalid_json", null)]
    [InlineData("""{"model":"\ud800"}""", 400, "invalid_json", null)]
    [InlineData("""{"\ud800odel":"m","model":"m"}""", 400, "invalid_json", null)]
    [InlineData("""{"model":"m","n":"3"}""", 400, "invalid_value", "n")]
    [InlineData("""{"model":"m","n":1e3}""", 400, "invalid_value", "n")]
    [InlineData("""{"model":"m","n":3.0}""", 400, "invalid_value", "n")]
    [InlineData("""{"model":"m","n":99999999999999999999}""", 400, "invalid_value", "n")]
    [InlineData("""{"model":"m","best_of":true}""", 400, "invalid_value", "best_of")]
    [InlineData("""{"model":"m","max_tokens":"9"}""", 400, "invalid_value", "max_tokens")]
    [InlineData("""{"model":"m","max_tokens":-1}""", 400, "invalid_value", "max_tokens")]
    [InlineData("""{"model":"m","max_completion_tokens":1e99}""", 400, "invalid_value", "max_completion_tokens")]
    [InlineData("""{"model":"m","max_completion_tokens":9.5}""", 400, "invalid_value", "max_completion_tokens")]
    [InlineData("""{"model":"m","stream":"true"}""", 400, "invalid_value", "stream")]
    [InlineData("""{"model":"m","stream":1}""", 400, "invalid_value", "stream")]
    [InlineData("""{"model":"m","models":["m"],"fallbacks":null}""", 200, null, null)]
    [InlineData("""{"model":"m","models":["m","other"]}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"m","mode\u006cs":["other"]}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"m","fallbacks":["other"]}""", 403, "model_not_allowed", "model")]
    [InlineData("""{"model":"m","fallbacks":[{"model":"other"}]}""", 400, "invalid_value", "fallbacks")]
    [InlineData("""{"model":"m","models":"other"}""", 400, "invalid_value", "models")]
    public async Task A_body_is_understood_or_refused(string body, int status, string? code, string? param)
    {
        await using var host = await ModelHost.StartAsync(models => models.AllowedModels = ["m"]);

        var answer = await host.AskAsync(body);

        answer.Status.ShouldBe(status, answer.Text);
        if (status == 200)
        {
            Encoding.UTF8.GetString(host.Upstream.Requests.ShouldHaveSingleItem().Body).ShouldBe(body);
        }
        else
        {
            answer.Refusal().ShouldBe((status, code, param));
            host.Calls.ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"model":7,"n":"3","Model":"x"}""")]
    [InlineData("""{"model":"m","model":"other","stream":true}""")]
    [InlineData("""{"model":"m","stream":true,"stream_options":{"include_usage":false,"include_usage":false}}""")]
    [InlineData("""{"model":"\ud800"}""")]
    [InlineData("\uFEFF{}")]
    public async Task Without_a_policy_the_body_passes_untouched(string body)
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseProxyCache());

        (await host.AskAsync(body)).Status.ShouldBe(200);
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(body);
    }

    [Fact]
    public async Task Invalid_bytes_in_a_text_are_refused()
    {
        await using var host = await ModelHost.StartAsync(models => models.AllowedModels = ["m"]);

        (await host.AskAsync([.. "{\"model\":\""u8, 0xFF, .. "\"}"u8])).Refusal().ShouldBe((400, "invalid_json", null));
        (await host.AskAsync(Encoding.Unicode.GetBytes("""{"model":"m"}"""))).Refusal().ShouldBe((400, "invalid_json", null));
    }

    [Theory]
    [InlineData(8, 200)]
    [InlineData(9, 400)]
    public async Task The_depth_is_bounded(int levels, int status)
    {
        await using var host = await ModelHost.StartAsync(models => models.MaxJsonDepth = 8, app: app => app.UseModels(models => models.MaxJsonDepth = 20));

        var answer = await host.AskAsync("""{"model":"m","x":""" + new string('[', levels - 1) + new string(']', levels - 1) + "}");

        answer.Status.ShouldBe(status);
        if (status == 400)
        {
            answer.Message!.ShouldContain("8 levels that are allowed (MaxJsonDepth)");
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_to_be_checked_is_refused_with_the_name_of_the_setting()
    {
        await using var host = await ModelHost.StartAsync(_ => { });

        var answer = await host.AskAsync($$"""{"model":"m","prompt":"{{new string('x', 1 << 20)}}"}""");

        answer.Refusal().ShouldBe((413, "request_too_large", null));
        answer.Message!.ShouldContain("1048576 bytes up to which it can be checked (MaxBufferedBody of the upstream)");
    }

    [Fact]
    public async Task A_body_of_which_nothing_is_held_is_not_taken_for_none()
    {
        await using var host = await RouteHost.StartAsync(
            app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.AllowedModels = ["m"]),
            builder => builder.Services.Configure<OpenAiUpstreamOptions>("openai", options => options.MaxBufferedBody = 0));

        (await host.AskAsync("""{"model":"other"}""", "/v1/images/generations")).Refusal().ShouldBe((413, "request_too_large", null));
        host.Calls.ShouldBe(0);
        (await host.AskAsync("", "/v1/responses/r1/cancel")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/chat/completions/")]
    [InlineData("/v1/Chat/Completions")]
    [InlineData("/v1/chat//completions")]
    [InlineData("/v1/chat%2Fcompletions")]
    [InlineData("/v1/chat/completion%73?x=/models")]
    [InlineData("/v1/chat/completion%2573")]
    [InlineData("/v1/chat/completions%0A")]
    [InlineData("/v1/chat/completions%20/")]
    [InlineData("/v1/chat/completions;v=1")]
    [InlineData("/v1/chat/completions%3Bv=1")]
    [InlineData("/v1/chat/completions%23x")]
    [InlineData("/v1/chat/completions%2F.")]
    [InlineData("/v1/chat/completions%2Fx%2F..")]
    [InlineData("/v1/chat%5Ccompletions")]
    public async Task A_path_written_oddly_is_the_same_operation(string path)
    {
        await using var host = await ModelHost.StartAsync(models => models.MaxOutputTokens = 10);

        (await host.AskAsync("""{"model":"m","max_tokens":11}""", path)).Refusal().ShouldBe((400, "invalid_value", "max_tokens"));
    }

    // A client of .NET would write them properly.
    [Theory]
    [InlineData("/v1/chat/%63ompletions#x", "/v1/chat/completions%23x")]
    [InlineData("/v1/chat\\%63ompletions", "/v1/chat%5Ccompletions")]
    public async Task What_no_path_may_hold_neither_ends_it_nor_hides_the_operation(string target, string seen)
    {
        await using var host = await ModelHost.StartAsync(models => models.MaxOutputTokens = 10);

        (await AskRawAsync(host, target, """{"model":"m","max_tokens":11}""")).ShouldBe(400);
        (await AskRawAsync(host, target, """{"model":"m","max_tokens":10}""")).ShouldBe(200);

        host.Upstream.Requests.ShouldHaveSingleItem().Target.ShouldBe(seen);
    }

    [Fact]
    public async Task Other_operations_are_held_to_the_allowed_models_too()
    {
        await using var host = await ModelHost.StartAsync(models => models.AllowedModels = ["m"]);

        (await host.AskAsync("""{"model":"gpt-image-1","prompt":"p"}""", "/v1/images/generations")).Refusal().ShouldBe((403, "model_not_allowed", "model"));
        (await host.AskAsync("""{"model":"m","stream":"x"}""", "/v1/audio/speech")).Status.ShouldBe(200);
        (await host.AskAsync("""{"model":null}""", "/v1/images/generations")).Status.ShouldBe(400);
        (await host.AskAsync("""{"name":"v"}""", "/v1/vector_stores")).Status.ShouldBe(200);
        (await host.AskAsync("", "/v1/responses/r1/cancel")).Status.ShouldBe(200);
        (await host.AskAsync("garbage", "/v1/vector_stores")).Refusal().ShouldBe((400, "invalid_json", null));
        (await host.AskAsync([.. "--x--"u8], "/v1/files", null, "multipart/form-data; boundary=x")).Status.ShouldBe(200);
        (await host.AskAsync([.. """{"model":"other"}"""u8], "/v1/files", null, "multipart/form-data; boundary=x")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Get_requests_have_no_model()
    {
        await using var host = await RouteHost.StartAsync(app =>
            app.MapOpenAiRoute("/v1/{**path}", "openai").WithMethods("GET").UseModels(models => models.AllowedModels = ["m"]));

        (await host.GetAsync("/v1/models")).Status.ShouldBe(200);
    }

    private static async Task<int> AskRawAsync(RouteHost host, string target, string body)
    {
        await using var client = host.Server.Connect();
        await client.SendAsync($"POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        return (await client.ReadAnswerAsync()).Status;
    }
}
