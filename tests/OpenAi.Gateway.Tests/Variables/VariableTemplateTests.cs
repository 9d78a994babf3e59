using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Variables;

public class VariableTemplateTests
{
    private readonly DefaultHttpContext _context = new();

    public VariableTemplateTests()
    {
        _context.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.1");
        _context.Request.Method = "POST";
        _context.Request.Scheme = "https";
        _context.Request.Host = new HostString("API.example.com", 8443);
        _context.Request.PathBase = "/base";
        _context.Request.Path = "/a b/c";
        _context.Request.QueryString = new QueryString("?x=1&y=%20z&x=2");
        _context.Request.Headers["X-Tenant-Id"] = "tenant";
        _context.Request.Headers["X-Many"] = new(["one", "two"]);
    }

    [Theory]
    [InlineData("$remote_addr", "203.0.113.1")]
    [InlineData("$request_method", "POST")]
    [InlineData("$scheme", "https")]
    [InlineData("$host", "api.example.com")]
    [InlineData("$uri", "/a b/c")]
    [InlineData("$request_uri", "/base/a%20b/c?x=1&y=%20z&x=2")]
    [InlineData("$args", "x=1&y=%20z&x=2")]
    [InlineData("$arg_x", "1,2")]
    [InlineData("$arg_y", " z")]
    [InlineData("$http_x_tenant_id", "tenant")]
    [InlineData("$http_x_many", "one,two")]
    [InlineData("$upstream_uri", "/a%20b/c?x=1&y=%20z&x=2")]
    [InlineData("${http_x_tenant_id}_1", "tenant_1")]
    [InlineData("$scheme://$host", "https://api.example.com")]
    [InlineData("-cache-id", "-cache-id")]
    [InlineData("costs 5$ or $$", "costs 5$ or $$")]
    [InlineData("$uri$http_missing", "/a b/c")]
    public void Words_stand_for_parts_of_the_request(string template, string text) => VariableTemplate.Parse(template).Format(GatewayRequest.Of(_context)).ShouldBe(text);

    [Theory]
    [InlineData("$http_missing")]
    [InlineData("$arg_missing")]
    [InlineData("$consumer_name")]
    [InlineData("$http_missing-$arg_missing")]
    public void Without_any_value_there_is_no_text(string template) => VariableTemplate.Parse(template).Format(GatewayRequest.Of(_context)).ShouldBeNullOrEmpty();

    [Fact]
    public void Two_requests_with_different_uris_have_different_texts()
    {
        var template = VariableTemplate.Parse("$request_uri");
        (_context.Request.Path, _context.Request.QueryString) = ("/a", new QueryString("?b=1"));
        var withQuery = template.Format(GatewayRequest.Of(_context));

        (_context.Request.Path, _context.Request.QueryString) = ("/a?b=1", QueryString.Empty); // sent as /a%3Fb=1

        template.Format(GatewayRequest.Of(_context)).ShouldNotBe(withQuery);
    }

    [Theory]
    [InlineData("$remote_address")]
    [InlineData("${uri}$Uri")]
    [InlineData("$http_")]
    [InlineData("$arg_")]
    public void An_unknown_word_is_refused_with_the_known_ones(string template)
    {
        var message = Should.Throw<FormatException>(() => VariableTemplate.Parse(template)).Message;
        message.ShouldContain("is not a known variable");
        message.ShouldContain("remote_addr, consumer_name, uri");
    }

    [Fact]
    public void Every_word_that_is_told_is_known()
    {
        foreach (var word in RequestVariables.Words.Split(", "))
        {
            RequestVariables.Find(word.Replace("<header>", "x").Replace("<name>", "x")).ShouldNotBeNull(word);
        }
    }

    [Theory]
    [InlineData("::ffff:203.0.113.1", "203.0.113.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData(null, "255.255.255.255")]
    public void The_address_is_the_sockets_peer(string? address, string text)
    {
        _context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        _context.Request.Headers["X-Forwarded-For"] = "198.51.100.1";
        _context.Request.Headers["X-Real-IP"] = "198.51.100.1";

        RequestVariables.RemoteAddress(GatewayRequest.Of(_context)).ShouldBe(text);
    }

    [Fact]
    public void The_consumer_comes_before_the_apps_own_user()
    {
        var name = RequestVariables.Find("consumer_name")!;
        _context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "alice")]));
        name(GatewayRequest.Of(_context)).ShouldBeNull("nobody has authenticated this user");

        _context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "subject")], "jwt"));
        name(GatewayRequest.Of(_context)).ShouldBe("subject");
        _context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "alice"), new Claim("sub", "subject")], "jwt"));
        name(GatewayRequest.Of(_context)).ShouldBe("alice");

        GatewayRequest.Of(_context).Consumer = Consumer.FromPassword("consumer1", "username1", "password1");
        name(GatewayRequest.Of(_context)).ShouldBe("consumer1");
    }
}
