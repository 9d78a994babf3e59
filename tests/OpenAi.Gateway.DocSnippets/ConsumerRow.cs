namespace OpenAi.Gateway.DocSnippets;

internal sealed record ConsumerRow(string Name, string Username, string PasswordHash);
