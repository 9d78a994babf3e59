using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.HttpOverrides;

namespace OpenAi.Gateway.DocSnippets;

internal static class Security
{
    public static void Hash()
    {
        #region Security.Hash
        var hash = OpenAi.Gateway.Consumer.HashPassword("password1");
        #endregion
    }

    public static void Store(WebApplicationBuilder builder)
    {
        #region Security.Store
        builder.Services.AddSingleton<ConsumerStore, DatabaseConsumerStore>();

        var app = builder.Build();

        app.UseBasicAuthConsumers(_ => { });   // no consumers here: the store is asked
        #endregion
    }

    public static void Scheme(WebApplicationBuilder builder)
    {
        #region Security.Scheme
        builder.Services.AddAuthentication()
            .AddBasicAuthConsumers(consumers => consumers.Add("consumer1", username: "username1", password: "password1"));
        builder.Services.AddAuthorizationBuilder().AddPolicy("consumers", policy => policy
            .AddAuthenticationSchemes(BasicAuthConsumersDefaults.AuthenticationScheme)
            .RequireAuthenticatedUser());

        var app = builder.Build();

        app.MapOpenAiRoute("/v1/chat/completions", upstream: "openai").RequireAuthorization("consumers");
        #endregion
    }

    public static void Handler(WebApplicationBuilder builder, X509Certificate certificate)
    {
        #region Security.Handler
        builder.Services.AddOpenAiUpstream("local", upstream => upstream
            .AddNode("https://models.internal:8443")
            .ConfigureHandler(handler => handler.SslOptions.ClientCertificates = [certificate]));
        #endregion
    }

    public static void Forwarded(WebApplicationBuilder builder)
    {
        #region Security.Forwarded
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.KnownProxies.Add(IPAddress.Parse("10.0.0.5"));
        });

        var app = builder.Build();

        app.UseForwardedHeaders();
        #endregion
    }

    public static void Networks(WebApplication app)
    {
        #region Security.Networks
        app.UseLimitCount(limit =>
        {
            (limit.Count, limit.TimeWindow) = (100, TimeSpan.FromMinutes(1));
            limit.UseKey(context => context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: false, AddressFamily: AddressFamily.InterNetworkV6 } address
                ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
                : null);   // IPv4: by the address, as without a key
        });
        #endregion
    }
}
