namespace OpenAi.Gateway.DocSnippets;

internal static class OpenAiApi
{
    public static void Bridge(WebApplication app)
    {
        #region OpenAiApi.Bridge
        app.MapOpenAiRoute("/v1/completions", upstream: "openai")
            .BridgeCompletions(bridge =>
            {
                bridge.Map("text-davinci-003", "gpt-4.1-mini");
                bridge.Map("gpt-3.5-turbo-instruct", "gpt-5-nano", model =>
                {
                    model.SystemMessage = "Continue the text.";
                    model.Set["reasoning_effort"] = "minimal";
                    model.Drop.Add("temperature");
                });
            });
        #endregion
    }

    public static void Models(WebApplication app)
    {
        #region OpenAiApi.Models
        app.MapOpenAiRoute("/v1/chat/completions", upstream: "openai")
            .UseModels(models =>
            {
                models.Aliases["fast"] = "gpt-4.1-mini";
                models.AllowedModels = ["fast", "gpt-4.1*"];
                models.MaxOutputTokens = 4096;
            });
        #endregion
    }
}
