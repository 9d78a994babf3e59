internal interface IRedisScripts
{
    Task<long[]> RunAsync(string script, string key, params long[] arguments);
}
