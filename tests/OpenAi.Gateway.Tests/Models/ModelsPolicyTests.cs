using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using OpenAi.Gateway.Tests.Routing;

namespace OpenAi.Gateway.Tests.Models;

public class ModelsPolicyTests
{
    [Fact]
    public async Task An_alias_is_sent_under_the_upstreams_name_and_the_answer_says_so()
    {
        await using var host = await ModelHost.StartAsync(models => models.Aliases["fast"] = "gpt-6-luna");

        var aliased = await host.AskAsync("""{ "temperature": 0.5, "model" : "fast" , "messages":[] }""");
        var plain = await host.AskAsync("""{"model":"gpt-6-luna"}""");

        (aliased.Status, aliased["X-Upstream-Model"]).ShouldBe((200, "gpt-6-luna"));
        (plain.Status, plain["X-Upstream-Model"]).ShouldBe((200, null));
        host.Upstream.Requests.Select(request => request.Text).ShouldBe(
            ["""{ "temperature": 0.5, "model" : "gpt-6-luna" , "messages":[] }""", """{"model":"gpt-6-luna"}"""]);
    }

    [Theory]
    [InlineData("""{"model":"large","models":["small","large"]}""", "large")]
    [InlineData("""{"model":"small","fallbacks":["large"]}""", "large")]
    [InlineData("""{"model":"large","fallbacks":["small"]}""", null)]
    public async Task An_alias_cannot_stand_in_a_list_of_other_models(string body, string? refused)
    {
        await using var host = await ModelHost.StartAsync(models =>
        {
            models.AllowedModels = ["small", "large"];
            models.Aliases["large"] = "small";
        });

        var answer = await host.AskAsync(body);

        (answer.Status, answer.Text.Contains($"The alias '{refused}'", StringComparison.Ordinal)).ShouldBe(refused is null ? (200, false) : (400, true));
    }

    [Fact]
    public async Task Aliases_of_app_group_and_route_are_applied_one_after_the_other()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseModels(models => models.Aliases["a"] = "b");
            var group = app.MapGroup("/v1").UseModels(models => models.Aliases["b"] = "c");
            group.MapOpenAiRoute("/chat/completions", "openai").UseModels(models => models.Aliases["c"] = "d");
        });

        (await host.AskAsync("""{"model":"a"}"""))["X-Upstream-Model"].ShouldBe("d");
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"model":"d"}""");
    }

    [Fact]
    public async Task Restrictions_of_app_group_and_route_all_apply_to_the_name_that_the_client_used()
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseModels(models => models.AllowedModels = ["gpt-*", "fast"]);
            app.MapGroup("/v1").UseModels(models => (models.AllowedModels, models.Aliases["fast"]) = (["gpt-6*", "fast", "o1"], "o1"))
                .MapOpenAiRoute("/chat/completions", "openai");
        });

        (await host.AskAsync("""{"model":"gpt-6-luna"}""")).Status.ShouldBe(200);
        (await host.AskAsync("""{"model":"fast"}""")).Status.ShouldBe(200);
        (await host.AskAsync("""{"model":"gpt-5"}""")).Status.ShouldBe(403);
        (await host.AskAsync("""{"model":"o1"}""")).Status.ShouldBe(403);
        (await host.AskAsync("""{"model":"xgpt-6"}""")).Message.ShouldBe("The model 'xgpt-6' is not allowed here.");
    }

    [Fact]
    public async Task A_consumer_is_held_to_its_own_models()
    {
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseBasicAuthConsumers(consumers =>
        {
            consumers.Add("all", "all", "password1");
            consumers.Consumers.Add(new() { Name = "some", Username = "some", Password = "password2", AllowedModels = ["small", "mini-*"] });
        }));

        (await host.AskAsync("""{"model":"large"}""", credentials: "all:password1")).Status.ShouldBe(200);
        (await host.AskAsync("[]", credentials: "all:password1")).Status.ShouldBe(200);
        (await host.AskAsync("""{"model":"mini-4"}""", credentials: "some:password2")).Status.ShouldBe(200);
        (await host.AskAsync("""{"model":"large"}""", credentials: "some:password2")).Refusal().ShouldBe((403, "model_not_allowed", "model"));
        (await host.AskAsync("[]", credentials: "some:password2")).Refusal().ShouldBe((400, "invalid_json", null));
    }

    [Theory]
    [InlineData("/v1/deployments/small/chat/completions?api-version=1", """{"model":"small"}""", null)]
    [InlineData("/v1/deployments/small/chat/completions", "{}", null)]
    [InlineData("/v1/deployments/large/chat/completions", """{"model":"small"}""", "large")]
    [InlineData("/v1/deployments/small/engines/small/chat/completions", """{"model":"large"}""", "large")]
    [InlineData("/v1/Deployments//l%61rge/chat/completions", """{"model":"small"}""", "large")]
    [InlineData("/v1/deployments/small%2F..%2Flarge/chat/completions", """{"model":"small"}""", "large")]
    [InlineData("/v1/deployments%5Clarge/chat/completions", """{"model":"small"}""", "large")]
    [InlineData("/v1/deployments/large;x/chat/completions", """{"model":"small"}""", "large")]
    [InlineData("/v1/engines/large/completions", """{"model":"small","prompt":"p"}""", "large")]
    [InlineData("/v1/deployments/large/images/generations", """{"model":"small"}""", "large")]
    [InlineData("/v1/deployments/large/images/generations", "{}", "large")]
    public async Task The_model_that_a_path_names_must_be_allowed_as_well(string path, string body, string? refused)
    {
        await using var host = await ModelHost.StartAsync(models => models.AllowedModels = ["small"]);

        var answer = await host.AskAsync(body, path);

        (answer.Status == 200 ? null : answer.Refusal().Code).ShouldBe(refused is null ? null : "model_not_allowed");
        answer.Text.Contains($"'{refused}'", StringComparison.Ordinal).ShouldBe(refused is not null, answer.Text);
    }

    [Theory]
    [InlineData("/v1/deployments/small/chat/completions", """{"model":"large"}""")]
    [InlineData("/v1/deployments/sm%61ll/images/generations", """{"model":"large"}""")]
    [InlineData("/v1/deployments/small/chat/completions", """{"model":""}""")]
    public async Task The_body_says_what_the_path_does_where_it_names_a_model_that_is_not_allowed(string path, string body)
    {
        await using var host = await ModelHost.StartAsync(models => models.AllowedModels = ["small"]);

        var answer = await host.AskAsync(body, path);

        answer.Status.ShouldBe(200);
        answer["X-Upstream-Model"].ShouldBe("small");
        host.Upstream.Requests.Single().Text.ShouldBe("""{"model":"small"}""");
    }

    [Theory]
    [InlineData("/v1/deployments/fast/chat/completions?api-version=1", "{}", "/v1/deployments/gpt%2F6/chat/completions?api-version=1", "{}")]
    [InlineData("/v1/Deployments/f%61st/audio/transcriptions", "", "/v1/Deployments/gpt%2F6/audio/transcriptions", "")]
    [InlineData("/v1/engines/fast/completions", """{"model":"fast"}""", "/v1/engines/gpt%2F6/completions", """{"model":"gpt/6"}""")]
    [InlineData("/v1/deployments/small/chat/completions", """{"model":"fast"}""", "/v1/deployments/small/chat/completions", """{"model":"gpt/6"}""")]
    [InlineData("/v1/deployments/fast/embeddings", """{"model":"small"}""", "/v1/deployments/gpt%2F6/embeddings", """{"model":"small"}""")]
    [InlineData("/v1/deployments/fast/engines/fast", "", "/v1/deployments/gpt%2F6/engines/gpt%2F6", "")]
    [InlineData("/v1/deployments/small/engines/fast", "", "/v1/deployments/small/engines/gpt%2F6", "")]
    public async Task An_alias_may_stand_in_a_path_as_well(string path, string body, string sentPath, string sentBody)
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseModels(models => (models.AllowedModels, models.Aliases["fast"]) = (["fast", "small"], "one"));
            app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.Aliases["one"] = "gpt/6");
        });

        var answer = await host.AskAsync(body, path);

        (answer.Status, answer["X-Upstream-Model"]).ShouldBe((200, "gpt/6"));
        var sent = host.Upstream.Requests.ShouldHaveSingleItem();
        (sent.Target, sent.Text).ShouldBe((sentPath, sentBody));
    }

    [Theory]
    [InlineData("/v1/deployments//fast/chat/completions")]
    [InlineData("/v1/deployments/fast;x/chat/completions")]
    [InlineData("/v1/deployments/f%2561st/chat/completions")]
    [InlineData("/v1/deployments%2Ffast/chat/completions")]
    public async Task An_alias_that_cannot_be_replaced_where_it_stands_is_refused(string path)
    {
        await using var host = await ModelHost.StartAsync(models => models.Aliases["fast"] = "slow");

        (await host.AskAsync("{}", path)).Refusal().ShouldBe((400, "invalid_value", "model"));
        host.Upstream.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/v1/chat/completions", "/deployments/mine/chat/completions")]
    [InlineData("/v1/deployments/mine/{**rest}", null)]
    [InlineData("/v1/{**rest}", "/deployments/mine/{**rest}")]
    public async Task The_deployment_that_a_route_names_itself_is_the_apps_choice(string pattern, string? rewritten)
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            var route = app.MapOpenAiRoute(pattern, "openai").UseModels(models => models.AllowedModels = ["small"]);
            _ = rewritten is null ? route : route.RewritePath(rewritten);
        });

        (await host.AskAsync("""{"model":"small"}""", pattern.Replace("{**rest}", "chat/completions"))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"m"}""", """{"max_completion_tokens":10,"model":"m"}""")]
    [InlineData("/v1/chat/completions", """{"model":"m","stream":true}""", """{"max_completion_tokens":10,"model":"m","stream":true}""")]
    [InlineData("/v1/chat/completions", "{ }", """{"max_completion_tokens":10 }""")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_tokens":null}""", """{"max_completion_tokens":10,"model":"m","max_tokens":null}""")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_completion_tokens":null}""", """{"model":"m","max_completion_tokens":10}""")]
    [InlineData("/v1/completions", """{"model":"m","max_tokens":null}""", """{"model":"m","max_tokens":10}""")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_completion_tokens":null,"max_tokens":9}""", """{"model":"m","max_completion_tokens":null,"max_tokens":9}""")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_tokens":10}""", """{"model":"m","max_tokens":10}""")]
    [InlineData("/v1/responses", """{"model":"m"}""", """{"max_output_tokens":10,"model":"m"}""")]
    [InlineData("/v1/completions", """{"model":"m"}""", """{"max_tokens":10,"model":"m"}""")]
    [InlineData("/v1/completions", """{"model":"m","max_tokens":3}""", """{"model":"m","max_tokens":3}""")]
    [InlineData("/v1/embeddings", """{"model":"m"}""", """{"model":"m"}""")]
    public async Task A_request_without_a_maximum_gets_that_of_the_policy(string path, string body, string sent)
    {
        await using var host = await ModelHost.StartAsync(models => models.MaxOutputTokens = 10);

        (await host.AskAsync(body, path)).Status.ShouldBe(200);

        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe(sent);
    }

    [Fact]
    public async Task The_legacy_maximum_of_sixteen_is_not_raised()
    {
        await using var host = await ModelHost.StartAsync(models => models.MaxOutputTokens = 1_000);

        await host.AskAsync("""{"model":"m"}""", "/v1/completions");

        // Some servers have none of their own.
        host.Upstream.Requests.ShouldHaveSingleItem().Text.ShouldBe("""{"max_tokens":16,"model":"m"}""");
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"m","max_tokens":11}""", "max_tokens")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_completion_tokens":1,"max_tokens":11}""", "max_tokens")]
    [InlineData("/v1/chat/completions", """{"model":"m","max_tokens":1,"max_completion_tokens":11}""", "max_completion_tokens")]
    [InlineData("/v1/completions", """{"model":"m","max_tokens":11}""", "max_tokens")]
    [InlineData("/v1/responses", """{"model":"m","max_output_tokens":11}""", "max_output_tokens")]
    public async Task A_request_for_more_than_the_maximum_is_refused_with_its_field(string path, string body, string field)
    {
        await using var host = await RouteHost.StartAsync(app =>
        {
            app.UseModels(models => models.MaxOutputTokens = 10);
            app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(models => models.MaxOutputTokens = 20);
        });

        var answer = await host.AskAsync(body, path);

        answer.Refusal().ShouldBe((400, "invalid_value", field));
        answer.Message.ShouldBe($"The field '{field}' must be at most 10.");
    }

    [Fact]
    public async Task Models_follow_their_section_and_a_wrong_change_is_refused()
    {
        var settings = new Settings("""{ "Models": { "Aliases": { "fast": "one" }, "AllowedModels": [ "fast" ] } }""");
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoute("/v1/{**path}", "openai").UseModels(settings["Models"]));
        (await host.AskAsync("""{"model":"fast"}"""))["X-Upstream-Model"].ShouldBe("one");

        settings.Change("""{ "Models": { "Aliases": { "fast": "" } } }""");
        (await host.AskAsync("""{"model":"fast"}"""))["X-Upstream-Model"].ShouldBe("one");
        host.Server.Logs.Entries.ShouldContain(entry => entry.Message.Contains("'Models' was refused"));

        settings.Change("""{ "Models": { "Aliases": { "fast": "two" } } }""");
        (await host.AskAsync("""{"model":"fast"}"""))["X-Upstream-Model"].ShouldBe("two");
    }

    [Fact]
    public void A_name_with_a_colon_is_refused_in_configuration_with_the_remedy()
    {
        var settings = new Settings("""{ "Models": { "Aliases": { "fast": "one", "llama3:8b": "two" } } }""");

        Should.Throw<InvalidOperationException>(() => ModelsPolicy.Following(settings["Models"])).Message.ShouldBe(
            "Models:Aliases:llama3:8b: a colon separates the keys of configuration, so that no name of a model can have one there. "
            + "Write this name in code, with UseModels(models => models.Aliases[\"llama3:8b\"] = …).");
    }

    [Fact]
    public async Task A_configured_route_has_models_and_limits()
    {
        var settings = new Settings("""
            { "Routes": { "chat": {
                "Pattern": "/v1/{**path}", "Upstream": "openai",
                "Models": { "Aliases": { "fast": "one" }, "AllowedModels": [ "fast" ] },
                "LimitTokens": [ { "Count": 500, "TimeWindow": "00:01:00" }, { "Count": 400, "TimeWindow": "00:01:00" } ],
                "LimitConcurrency": { "Permits": 3 } } } }
            """);
        await using var host = await RouteHost.StartAsync(app => app.MapOpenAiRoutes(settings["Routes"]));

        var answer = await host.AskAsync("""{"model":"fast","max_tokens":1}""");

        (answer.Status, answer["X-Upstream-Model"], answer["X-RateLimit-Limit-Tokens"]).ShouldBe((200, "one", "400"));
        (await host.AskAsync("""{"model":"one"}""")).Status.ShouldBe(403);
    }

    [Fact]
    public void Wrong_options_are_refused_with_the_remedy()
    {
        Refusal(models => models.AllowedModels = []).ShouldContain("AllowedModels: is empty, so that no model could be asked for. Name some, or leave it out");
        Refusal(models => models.AllowedModels = ["*-mini"]).ShouldContain("has '*-mini'. Give the name of a model, or the beginning of one and '*'.");
        Refusal(models => models.AllowedModels = [" "]).ShouldContain("AllowedModels");
        Refusal(models => models.Aliases["a"] = "b c").ShouldContain("'a' leads to 'b c'. Give the upstream's name of a model");
        Refusal(models => models.Aliases[""] = "b").ShouldContain("Aliases: has an empty name");
        Refusal(models => models.MaxOutputTokens = 0).ShouldContain("MaxOutputTokens must be at least 1");
        Refusal(models => models.MaxJsonDepth = 1).ShouldContain("MaxJsonDepth must be between 2 and 1000");
        Should.NotThrow(() => ModelsPolicy.From(models => models.AllowedModels = ["*"]));
        Should.Throw<OptionsValidationException>(() => BasicAuthPolicy.From(consumers =>
            consumers.Consumers.Add(new() { Name = "a", Username = "a", Password = "p", AllowedModels = [] }))).Message.ShouldContain("Consumers.AllowedModels: is empty");
    }

    private static string Refusal(Action<ModelsOptions> configure) =>
        Should.Throw<OptionsValidationException>(() => ModelsPolicy.From(configure)).Message;
}
