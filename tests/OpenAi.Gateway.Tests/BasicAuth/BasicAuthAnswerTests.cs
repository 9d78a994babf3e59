using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class BasicAuthAnswerTests
{
    private const string Missing = "Missing authorization in request";
    private const string Invalid = "Invalid authorization in request";
    private const string Wrong = "Invalid user authorization";
    private const string Challenge = "Basic realm=\"basic\", charset=\"UTF-8\"";

    [Fact]
    public async Task Who_sends_nothing_is_challenged_in_both_vocabularies()
    {
        await using var host = await StartAsync();

        var answer = await host.PostAsync("/openai");

        (answer.Status, answer["WWW-Authenticate"], answer["Content-Type"]).ShouldBe((401, Challenge, "application/json"));
        answer.Text.ShouldBe(
            $$$"""{"error_msg":"{{{Missing}}}","error":{"message":"{{{Missing}}}","type":"authentication_error","param":null,"code":"missing_credentials"}}""");
        host.Calls.ShouldBe(0);
    }

    [Theory]
    [InlineData("Bearer sk-123", Invalid)]
    [InlineData("Basic", Invalid)]
    [InlineData("Basic !!!!", Invalid)]
    [InlineData("Basic Y29uc3VtZXIx", Invalid)] // consumer1
    [InlineData("Basic dXNlcm5hbWUxOndyb25n", Wrong)] // username1:wrong
    [InlineData("Basic bm9ib2R5OnBhc3N3b3JkMQ==", Wrong)] // nobody:password1
    [InlineData("Basic dXNlcm5hbWUxOg==", Wrong)] // username1 with an empty password
    [InlineData("Basic VVNFUk5BTUUxOnBhc3N3b3JkMQ==", Wrong)] // USERNAME1:password1
    public async Task Who_sends_something_else_is_told_what_is_wrong(string header, string message)
    {
        await using var host = await StartAsync();

        var answer = await host.PostAsync("/openai", null, ("Authorization", header));

        (answer.Status, answer.Message, answer["WWW-Authenticate"]).ShouldBe((401, message, Challenge));
        host.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task The_right_credentials_are_let_in()
    {
        await using var host = await StartAsync();

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
        (await host.PostAsync("/openai", "jörg:a:b c ü")).Status.ShouldBe(200);

        host.Upstream.Requests.ShouldAllBe(request => request.Headers["Authorization"] == null);
    }

    [Fact]
    public async Task Two_authorization_headers_are_refused_even_if_both_are_right()
    {
        await using var host = await StartAsync();
        await using var client = host.Server.Connect();
        var line = $"Authorization: {RouteHost.Basic("username1:password1")}\r\n";

        await client.SendAsync($"POST /openai HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n{line}{line}\r\n");
        var answer = await client.ReadAnswerAsync();

        answer.Status.ShouldBe(401);
        answer.Text.ShouldContain(Invalid);
        answer.Headers["WWW-Authenticate"].ShouldBe(Challenge);
    }

    [Theory]
    [InlineData('A', Invalid)] // NUL bytes
    [InlineData('/', Invalid)] // 0xFF is not UTF-8
    [InlineData(' ', Invalid)]
    public async Task A_huge_header_is_one_more_wrong_header(char letter, string message)
    {
        await using var host = await StartAsync();

        var answer = await host.PostAsync("/openai", null, ("Authorization", $"Basic {new string(letter, 65_535)}="));

        (answer.Status, answer.Message).ShouldBe((401, message));
    }

    [Fact]
    public async Task A_huge_wrong_password_is_one_more_wrong_password()
    {
        await using var host = await StartAsync();

        var answer = await host.PostAsync("/openai", "username1:" + new string('p', 65_536));

        (answer.Status, answer.Message).ShouldBe((401, Wrong));
    }

    [Fact]
    public async Task The_realm_can_be_named()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers =>
        {
            consumers.Realm = "products [v1]";
            consumers.Add("consumer1", "username1", "password1");
        }));

        (await host.GetAsync("/"))["WWW-Authenticate"].ShouldBe("Basic realm=\"products [v1]\", charset=\"UTF-8\"");
    }

    [Fact]
    public async Task Neither_credentials_nor_headers_are_logged_or_sent_on()
    {
        await using var host = await StartAsync();

        foreach (var credentials in new[] { "username1:canary-password", "canary-user:canary-password", "username1:password1" })
        {
            var answer = await host.PostAsync("/openai", credentials, ("Cookie", "canary-cookie"));
            answer.Text.ShouldNotContain("canary");
            foreach (var secret in new[] { "canary", "password1", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials)) })
            {
                host.Server.Logs.Mentioning(secret).ShouldBeEmpty();
            }
        }

        host.Upstream.Requests.Single().Headers.ToString().ShouldNotContain("canary");
    }

    private static Task<RouteHost> StartAsync() => RouteHost.StartAsync(
        app =>
        {
            app.UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1").Add("jörg", "jörg", "a:b c ü"));
            app.MapOpenAiRoute("/openai", "openai");
        },
        builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestHeadersTotalSize = 200_000));
}
