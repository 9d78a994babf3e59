using System.Diagnostics;

namespace OpenAi.Gateway.FunctionalTests.WireMock;

/// <summary>Finds Java and the jar, or says what to install.</summary>
internal static class WireMockCommand
{
    // The input ends when the test process does, however it does: then nothing of WireMock stays behind.
    private const string WhileInputIsOpen =
        "exec 3<&0; \"$@\" & java=$!; (read -r _ <&3; kill -9 $java) > /dev/null 2>&1 & wait $java";

    public static ProcessStartInfo Create(DirectoryInfo files)
    {
        string[] command = [FindJava(), .. Arguments(FindJar(), files)];
        string[] guarded = OperatingSystem.IsWindows() ? command : ["/bin/sh", "-c", WhileInputIsOpen, "sh", .. command];
        return new(guarded[0], guarded[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    internal static string FindJar(string? startDirectory = null)
    {
        var start = new DirectoryInfo(startDirectory ?? AppContext.BaseDirectory);
        for (var directory = start; directory is not null; directory = directory.Parent)
        {
            var build = Path.Combine(directory.FullName, "tests", "wiremock", "node_modules", "wiremock", "build");
            if (Directory.Exists(build) && Directory.GetFiles(build, "wiremock-standalone-*.jar") is [var jar, ..])
            {
                return jar;
            }
        }

        throw new InvalidOperationException(
            "The tests need the jar of WireMock: run `npm ci` in tests/wiremock (needs Node.js with npm), or ./test.sh, which does it.");
    }

    internal static string FindJava(string? searchPath = null)
    {
        var name = OperatingSystem.IsWindows() ? "java.exe" : "java";
        var directories = (searchPath ?? Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return directories.Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                "The tests need Java 17 or newer on the PATH: install it (Debian/Ubuntu: `apt-get install openjdk-17-jre-headless`).");
    }

    // The compiler for long runs would only slow the start down. Port 0: the server picks a free one and tells it.
    private static string[] Arguments(string jar, DirectoryInfo files) =>
    [
        "-XX:TieredStopAtLevel=1", "-Xmx256m", "-jar", jar,
        "--port", "0", "--bind-address", "127.0.0.1", "--disable-banner", "--disable-gzip", "--root-dir", files.FullName,
    ];
}
