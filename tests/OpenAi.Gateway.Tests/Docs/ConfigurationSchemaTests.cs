namespace OpenAi.Gateway.Tests.Docs;

public class ConfigurationSchemaTests
{
    /// <summary>UPDATE_CONFIGURATION_SCHEMA=1 writes the file anew.</summary>
    [Fact]
    public void The_schema_of_appsettings_is_made_from_the_options_classes() => Repository.ShouldHold(
        "src/OpenAi.Gateway/ConfigurationSchema.json", ConfigurationSchemaWriter.Write(), "UPDATE_CONFIGURATION_SCHEMA");

    [Fact]
    public void No_options_class_is_left_out() =>
        typeof(GatewayError).Assembly.GetExportedTypes()
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type != typeof(BasicAuthConsumersSchemeOptions))
            .ShouldBe(OptionsModel.Types, ignoreOrder: true);
}
