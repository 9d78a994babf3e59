using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway;

/// <summary>What a limit's options say of whom or what it counts; the limits of all kinds share it.</summary>
internal readonly record struct LimitKeySetting(string? Key, LimitKeyType Type, Func<HttpContext, string?>? Selector, string? Group);
