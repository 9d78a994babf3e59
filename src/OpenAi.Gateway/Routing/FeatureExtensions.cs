using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>Finds a request's features by their type: the runtime looks for the right <c>Get&lt;T&gt;</c> of a collection anew at each call.</summary>
internal static class FeatureExtensions
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T? Find<T>(this HttpContext context)
        where T : class => (T?)context.Features[typeof(T)];
}
