using System.Buffers;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAi.Gateway.Tests.Routing;

/// <summary>The requests of one connection share what the gateway carries along with a request; nothing of one may reach the next.</summary>
public class GatewayRequestTests
{
    private readonly Dictionary<object, object?> _state = [];

    [Fact]
    public void Nothing_of_a_request_is_left_for_the_next_one_on_its_connection()
    {
        var pristine = ValuesOf(GatewayRequest.Of(new DefaultHttpContext()));
        var request = GatewayRequest.Of(NewContext());
        Fill(request);
        ValuesOf(request).Where((field, i) => Equals(field.Value, pristine[i].Value)).Select(field => field.Name).ShouldBeEmpty("all were filled");

        request.Dispose();
        var next = GatewayRequest.Of(NewContext());

        next.ShouldBeSameAs(request);
        ValuesOf(next).ShouldBe(pristine);
    }

    [Fact]
    public void A_connection_that_waits_holds_neither_body_nor_question()
    {
        var request = GatewayRequest.Of(NewContext());
        Fill(request);

        request.Dispose();

        (request.Body, request.EditedBody, request.Model).ShouldBe((null, null, null));
        ValuesOf(ModelOf(request)).ShouldBe(ValuesOf(new ModelRequest()));
    }

    [Fact]
    public void Whoever_is_told_of_the_end_still_sees_what_became_of_the_request()
    {
        var context = NewContext();
        var request = GatewayRequest.Of(context);
        (request.CacheStatus, request.Error) = (CacheStatus.Hit, GatewayErrors.NotCached);

        request.Dispose();

        GatewayRequest.Of(context).ShouldBeSameAs(request);
        (request.CacheStatus, request.Error).ShouldBe((CacheStatus.Hit, GatewayErrors.NotCached));
    }

    [Fact]
    public void What_a_request_has_that_is_not_over_is_its_own()
    {
        var request = GatewayRequest.Of(NewContext());
        request.CacheStatus = CacheStatus.Hit;

        var next = GatewayRequest.Of(NewContext());

        next.ShouldNotBeSameAs(request);
        next.CacheStatus.ShouldBeNull();
    }

    [Fact]
    public void Contexts_that_an_app_makes_of_one_request_share_nothing()
    {
        var first = GatewayRequest.Of(NewContext());
        first.Dispose();

        GatewayRequest[] requests = [first, .. Enumerable.Range(0, 2).Select(_ => GatewayRequest.Of(new DefaultHttpContext(new FeatureCollection(new Server(_state)))))];

        requests.Distinct().Count().ShouldBe(requests.Length);
    }

    private DefaultHttpContext NewContext() => new(new Server(_state));

    private static ModelRequest ModelOf(GatewayRequest request) =>
        (ModelRequest)FieldsOf(request).Single(field => field.FieldType == typeof(ModelRequest) && field.IsInitOnly).GetValue(request)!;

    // Every field of the request, of its question and of its usage, but the context, the parts themselves, and what tells nothing of a request.
    private static (string Name, object? Value)[] ValuesOf(object owner) =>
    [
        .. FieldsOf(owner).SelectMany(field => IsPart(field) ? ValuesOf(field.GetValue(owner)!) : [($"{owner.GetType().Name}.{field.Name}", field.GetValue(owner))]),
    ];

    private static void Fill(object owner)
    {
        foreach (var field in FieldsOf(owner))
        {
            if (IsPart(field))
            {
                Fill(field.GetValue(owner)!);
            }
            else
            {
                field.SetValue(owner, ValueFor(Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType));
            }
        }
    }

    private static bool IsPart(FieldInfo field) => field.IsInitOnly && (field.FieldType == typeof(ModelRequest) || field.FieldType == typeof(RequestUsage));

    private static IEnumerable<FieldInfo> FieldsOf(object owner) => owner.GetType()
        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(field => field.FieldType != typeof(HttpContext) && field.FieldType != typeof(Lock) && field.FieldType != typeof(ForwardClock));

    private static object ValueFor(Type type) => type switch
    {
        _ when type == typeof(string) => "left",
        _ when type == typeof(bool) => true,
        _ when type == typeof(int) => 7,
        _ when type == typeof(long) => 7L,
        { IsEnum: true } => Enum.ToObject(type, 2),
        _ when type == typeof(TokenUsage) => new TokenUsage(7, 7),
        _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>([7]),
        _ when type == typeof(JsonMember) => new JsonMember(7, 7, 7, 7, true),
        _ when type == typeof(RequestBody) => RequestBody.Own(ArrayPool<byte>.Shared.Rent(16), 7),
        _ when type == typeof(IReadOnlyList<string>) => new[] { "left" },
        _ when type == typeof(Func<Task>) => () => Task.CompletedTask,
        _ => RuntimeHelpers.GetUninitializedObject(type),
    };

    // As Kestrel's: one object is the features of a request, and keeps the state of its connection.
    private sealed class Server : FeatureCollection, IPersistentStateFeature
    {
        public Server(IDictionary<object, object?> state)
        {
            State = state;
            Set<IHttpRequestFeature>(new HttpRequestFeature());
            Set<IHttpResponseFeature>(new HttpResponseFeature());
            Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        }

        public IDictionary<object, object?> State { get; }
    }
}
