namespace OpenAi.Gateway.Tests;

/// <summary>The files of this repository, wherever the tests run.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot();

    /// <summary>Every document, by its path in the repository.</summary>
    public static IEnumerable<string> Documents =>
    [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
        .. Directory.EnumerateFiles(PathOf("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Order(),
    ];

    public static string PathOf(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(PathOf(path)).ReplaceLineEndings("\n");

    /// <summary>Compares a file with what it should hold, or writes it when the environment variable is 1.</summary>
    public static void ShouldHold(string path, string expected, string updateVariable)
    {
        if (Environment.GetEnvironmentVariable(updateVariable) == "1")
        {
            File.WriteAllText(PathOf(path), expected);
        }

        var actual = File.Exists(PathOf(path)) ? Read(path) : "";
        actual.ShouldBe(expected, $"{path} is behind the code. If the change is meant, run the tests once with {updateVariable}=1.");
    }

    private static string FindRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Library.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return directory;
    }
}
