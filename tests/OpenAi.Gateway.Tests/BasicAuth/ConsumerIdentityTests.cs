using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class ConsumerIdentityTests
{
    [Fact]
    public async Task The_endpoint_knows_the_consumer_as_user_and_as_feature()
    {
        await using var host = await StartAsync(context => string.Join(
            '|',
            context.User.Identity!.IsAuthenticated,
            context.User.Identity.AuthenticationType,
            context.User.Identity.Name,
            context.User.FindFirstValue(Consumer.NameClaimType),
            context.Features.Get<IOpenAiGatewayFeature>()!.Consumer!.Name,
            context.Features.Get<IOpenAiGatewayFeature>()!.Consumer!.Username));

        (await host.GetAsync("/", "username1:password1")).Text.ShouldBe("True|BasicAuthConsumers|username1|consumer1|consumer1|username1");
    }

    [Fact]
    public async Task Requests_share_no_principal()
    {
        await using var host = await StartAsync(context =>
        {
            var before = context.User.Claims.Count();
            ((ClaimsIdentity)context.User.Identity!).AddClaim(new Claim("role", "admin"));
            return $"{before} {context.User.Claims.Count()}";
        });

        for (var i = 0; i < 3; i++)
        {
            (await host.GetAsync("/", "username1:password1")).Text.ShouldBe("2 3");
        }
    }

    [Fact]
    public async Task An_endpoint_may_put_another_user_in_its_place()
    {
        await using var host = await StartAsync(context =>
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "other")], "test"));
            return context.User.Identity!.Name!;
        });

        (await host.GetAsync("/", "username1:password1")).Text.ShouldBe("other");
    }

    [Fact]
    public async Task A_refused_request_has_no_consumer()
    {
        var seen = new TaskCompletionSource<(Consumer?, string?)>();
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                await next(context);
                seen.SetResult((context.Features.Get<IOpenAiGatewayFeature>()!.Consumer, context.User.Identity!.Name));
            });
            app.MapGet("/", () => "in").UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1"));
        });

        (await host.GetAsync("/", "username1:wrong")).Status.ShouldBe(401);

        (await seen.Task.SoonAsync()).ShouldBe((null, null));
    }

    private static Task<RouteHost> StartAsync(Func<HttpContext, string> describe) => RouteHost.StartAsync(app =>
        app.MapGet("/", describe).UseBasicAuthConsumers(consumers => consumers.Add("consumer1", "username1", "password1")));
}
