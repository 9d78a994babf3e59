namespace OpenAi.Gateway.Tests.Ledger;

/// <summary>What code of the app throws in a test.</summary>
internal sealed class AppException() : Exception("The app's own code failed.");
