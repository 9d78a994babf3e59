using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class BasicAuthSchemeTests
{
    [Fact]
    public async Task Authorization_lets_consumers_in_and_challenges_others()
    {
        await using var host = await StartAsync();

        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
        await ShouldBeChallengedAsync(host, null, "Missing authorization in request");
        await ShouldBeChallengedAsync(host, "Bearer sk-1", "Invalid authorization in request");
        await ShouldBeChallengedAsync(host, RouteHost.Basic("username1"), "Invalid authorization in request");
        await ShouldBeChallengedAsync(host, RouteHost.Basic("username1:wrong"), "Invalid user authorization");
        host.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_policy_on_the_consumers_name_refuses_the_others_with_the_envelope()
    {
        await using var host = await StartAsync();

        (await host.PostAsync("/gold", "username1:password1")).Status.ShouldBe(200);
        var refused = await host.PostAsync("/gold", "username2:password2");

        (refused.Status, refused["Content-Type"]).ShouldBe((403, "application/json"));
        refused.Text.ShouldContain("\"type\":\"permission_error\",\"param\":null,\"code\":\"forbidden\"");
        refused.Message.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Limits_and_feature_know_the_consumer()
    {
        await using var host = await StartAsync();

        (await host.PostAsync("/limited", "username1:password1")).Status.ShouldBe(200);
        (await host.PostAsync("/limited", "username1:password1")).Status.ShouldBe(429);
        (await host.PostAsync("/limited", "username2:password2")).Status.ShouldBe(200);
        (await host.PostAsync("/limited")).Status.ShouldBe(401);
        (await host.GetAsync("/me", "username2:password2")).Text.ShouldBe("consumer2");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Beside_another_scheme_both_kinds_of_credentials_are_taken_and_asked_for(bool isFirst)
    {
        string[] schemes = [TokenHandler.SchemeName, BasicAuthConsumersDefaults.AuthenticationScheme];
        await using var host = await StartBesideAsync(app => app.MapOpenAiRoute("/openai", "openai").RequireAuthorization(policy => policy
            .AddAuthenticationSchemes(isFirst ? [.. schemes.Reverse()] : schemes)
            .RequireAssertion(context => context.User.Identity!.Name is "alice" or "username1")));

        (await host.PostAsync("/openai", null, ("Authorization", "Token alice"))).Status.ShouldBe(200);
        (await host.PostAsync("/openai", "username1:password1")).Status.ShouldBe(200);
        var challenged = await host.PostAsync("/openai");
        (challenged.Status, challenged.Message).ShouldBe((401, "Missing authorization in request"));
        challenged.Headers["WWW-Authenticate"].ShouldBe(["Basic realm=\"basic\", charset=\"UTF-8\"", "Token"], ignoreOrder: true);
        var forbidden = await host.PostAsync("/openai", null, ("Authorization", "Token bob"));
        (forbidden.Status, forbidden.Message).ShouldBe((403, "The consumer is not allowed to do this."));
        host.Server.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_middleware_that_collects_the_answer_gets_the_challenges_body()
    {
        var collected = new MemoryStream();
        await using var host = await StartBesideAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                var body = context.Response.Body;
                context.Response.Body = collected;
                await next(context);
                context.Response.Body = body;
                await body.WriteAsync(collected.ToArray());
            });
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapOpenAiRoute("/openai", "openai").RequireAuthorization(policy => policy
                .AddAuthenticationSchemes(BasicAuthConsumersDefaults.AuthenticationScheme).RequireAuthenticatedUser());
        });

        (await host.PostAsync("/openai")).Message.ShouldBe("Missing authorization in request");
        collected.Length.ShouldBePositive();
    }

    [Fact]
    public async Task Without_consumers_and_store_the_app_does_not_start() =>
        (await RouteHost.StartErrorAsync(_ => { }, builder => builder.Services.AddAuthentication().AddBasicAuthConsumers(_ => { })))
            .ShouldContain("register a ConsumerStore");

    [Fact]
    public void A_wrong_value_is_told_at_the_call() =>
        Should.Throw<Microsoft.Extensions.Options.OptionsValidationException>(() =>
            new ServiceCollection().AddAuthentication().AddBasicAuthConsumers(consumers => consumers.Add("consumer1", "", "password1")))
            .Message.ShouldContain("Username");

    private static async Task ShouldBeChallengedAsync(RouteHost host, string? header, string message)
    {
        var answer = await host.PostAsync("/openai", null, header is null ? [] : [("Authorization", header)]);
        (answer.Status, answer.Message, answer["WWW-Authenticate"]).ShouldBe((401, message, "Basic realm=\"basic\", charset=\"UTF-8\""));
    }

    private static Task<RouteHost> StartBesideAsync(Action<WebApplication> configure) => RouteHost.StartAsync(configure, builder =>
    {
        builder.Services.AddAuthentication(TokenHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null)
            .AddBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"));
        builder.Services.AddAuthorization();
    });

    private static Task<RouteHost> StartAsync() => RouteHost.StartAsync(
        app =>
        {
            app.MapOpenAiRoute("/openai", "openai").RequireAuthorization();
            app.MapOpenAiRoute("/gold", "openai").RequireAuthorization("gold");
            app.MapOpenAiRoute("/limited", "openai").RequireAuthorization().UseLimitCount(limit =>
            {
                limit.Count = 1;
                limit.TimeWindow = TimeSpan.FromMinutes(1);
            });
            app.MapGet("/me", (Microsoft.AspNetCore.Http.HttpContext context) => context.Features.Get<IOpenAiGatewayFeature>()!.Consumer!.Name)
                .RequireAuthorization();
        },
        builder =>
        {
            builder.Services.AddAuthentication().AddBasicAuthConsumers(consumers =>
                consumers.Add("consumer1", "username1", "password1").Add("consumer2", "username2", "password2"));
            builder.Services.AddAuthorizationBuilder()
                .AddPolicy("gold", policy => policy.RequireClaim(Consumer.NameClaimType, "consumer1"));
        });
}
