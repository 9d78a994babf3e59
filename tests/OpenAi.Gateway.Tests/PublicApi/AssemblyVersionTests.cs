using System.Reflection;

namespace OpenAi.Gateway.Tests.PublicApi;

public class AssemblyVersionTests
{
    [Fact]
    public void The_file_tells_the_version_of_the_package()
    {
        var library = typeof(Consumer).Assembly;
        var version = library.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

        version.Split('-', '+')[0].ShouldBe(library.GetCustomAttribute<AssemblyFileVersionAttribute>()!.Version);
    }
}
