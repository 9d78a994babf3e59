using System.Security.Claims;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class CacheKeyTemplateTests
{
    private const int Parts = 8;
    private static readonly string[] Headers = ["OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta"];

    [Fact]
    public void The_default_key_changes_with_every_one_of_its_parts()
    {
        var template = new CacheKeyTemplate(null);
        Prop.ForAll<NonNull<string>, NonNull<string>, int>((one, other, which) =>
        {
            var part = Math.Abs(which % Parts);
            var before = KeyWith(template, part, one.Get);
            var after = KeyWith(template, part, other.Get);
            return (before == after) == (one.Get == other.Get);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_two_lists_of_parts_give_the_same_key()
    {
        Prop.ForAll<NonNull<string>[], NonNull<string>[]>((one, other) =>
        {
            var (first, second) = (Texts(one), Texts(other));
            var sameLength = second.Concat(Enumerable.Repeat("", 20)).Take(first.Length).ToArray();
            return (KeyOf(first) == KeyOf(sameLength)) == first.SequenceEqual(sameLength);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_text_that_moves_from_one_part_to_the_next_gives_another_key()
    {
        Prop.ForAll<NonEmptyString, byte>((text, at) =>
        {
            var cut = at % text.Get.Length;
            return KeyOf([text.Get[..cut], text.Get[cut..]]) != KeyOf([text.Get, ""]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Neither_prompt_nor_name_shows_in_a_key()
    {
        var key = KeyWith(new CacheKeyTemplate(null), 3, "alice");

        key.ToString().ShouldMatch("^oag:1:[0-9a-f]{64}$");
    }

    private static CacheKey KeyWith(CacheKeyTemplate template, int part, string value)
    {
        var context = new DefaultHttpContext();
        var body = "";
        switch (part)
        {
            case 0:
                context.Request.Method = value;
                break;
            case 1:
                body = value;
                break;
            case 2:
                context.Request.QueryString = new QueryString("?" + Uri.EscapeDataString(Hex(value)));
                break;
            case 3:
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "n" + value)], "test"));
                break;
            case 4:
                context.Request.Path = "/" + Hex(value);
                break;
            default:
                context.Request.Headers[Headers[part - 5]] = value;
                break;
        }

        return template.KeyOf(GatewayRequest.Of(context), Encoding.Unicode.GetBytes(body));
    }

    [Fact]
    public void A_long_question_takes_no_memory()
    {
        var request = GatewayRequest.Of(new DefaultHttpContext());
        var template = new CacheKeyTemplate(null);
        var question = new byte[200_000];
        template.KeyOf(request, question);
        var before = GC.GetAllocatedBytesForCurrentThread();

        template.KeyOf(request, question);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(2_000);
    }

    // The parts of a key are headers here, so that any text can stand in them.
    private static CacheKey KeyOf(string[] parts)
    {
        var context = new DefaultHttpContext();
        for (var i = 0; i < parts.Length; i++)
        {
            context.Request.Headers[$"part-{i}"] = parts[i];
        }

        return new CacheKeyTemplate([.. parts.Select((_, i) => $"$http_part_{i}")]).KeyOf(GatewayRequest.Of(context), default);
    }

    private static string[] Texts(NonNull<string>[] texts) => [.. texts.Select(text => text.Get)];

    private static string Hex(string text) => Convert.ToHexString(Encoding.Unicode.GetBytes(text));
}
