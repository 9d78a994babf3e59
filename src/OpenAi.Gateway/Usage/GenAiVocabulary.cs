namespace OpenAi.Gateway;

/// <summary>Which names of OpenTelemetry's conventions for generative AI are measured.</summary>
[Flags]
internal enum GenAiVocabulary
{
    /// <summary>Those up to version 1.41.0, which most dashboards know.</summary>
    Old = 1,

    /// <summary>Those after it.</summary>
    Latest = 2,
}
