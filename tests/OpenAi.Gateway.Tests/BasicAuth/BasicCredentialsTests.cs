using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace OpenAi.Gateway.Tests.BasicAuth;

public class BasicCredentialsTests
{
    [Theory]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")] // RFC 7617, 2
    [InlineData("Basic dGVzdDoxMjPCow==", "test", "123£")] // RFC 7617, 2.1
    [InlineData("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")]
    [InlineData("BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")]
    [InlineData("bAsIc    QWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", "Aladdin", "open sesame")]
    public void It_reads_the_examples_of_the_rfc_in_any_case_and_with_any_number_of_spaces(string header, string username, string password) =>
        ShouldRead(header, username, password);

    [Theory]
    [InlineData("a:b:c", "a", "b:c")]
    [InlineData("a::", "a", ":")]
    [InlineData("a: b ", "a", " b ")]
    [InlineData(" a :b", " a ", "b")]
    [InlineData("jürgen:pässwörd🔑", "jürgen", "pässwörd🔑")]
    [InlineData("a:", "a", "")]
    public void The_first_colon_splits_and_every_other_character_counts(string credentials, string username, string password) =>
        ShouldRead(Header(Encoding.UTF8.GetBytes(credentials)), username, password);

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basics QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic not-base64!")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ")] // no padding
    [InlineData("Basic QWxhZGRpbjpv cGVuIHNlc2FtZQ==")]
    [InlineData("Basic QWxhZGRpbjpv\tcGVuIHNlc2FtZQ==")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==, Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic username=\"Aladdin\"")]
    public void It_refuses_what_is_not_basic_with_one_token_in_base64(string header) => BasicCredentials.Parse(header).ShouldBeNull();

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { (byte)'a' })] // no colon
    [InlineData(new byte[] { (byte)':', (byte)'p' })] // no user
    [InlineData(new byte[] { (byte)'a', 0, (byte)':', (byte)'p' })]
    [InlineData(new byte[] { (byte)'a', (byte)':', (byte)'p', 0 })]
    [InlineData(new byte[] { (byte)'a', (byte)':', (byte)'p', (byte)'\n' })]
    [InlineData(new byte[] { (byte)'a', (byte)':', 0x1F })]
    [InlineData(new byte[] { (byte)'a', (byte)':', 0x7F })]
    [InlineData(new byte[] { (byte)'a', (byte)':', 0xC0, 0xAF })] // an overlong slash
    [InlineData(new byte[] { (byte)'a', 0xC0, 0xBA, (byte)'p' })] // an overlong colon
    [InlineData(new byte[] { (byte)'a', (byte)':', 0xED, 0xA0, 0x80 })] // a lone surrogate
    [InlineData(new byte[] { (byte)'a', (byte)':', 0xE9 })] // Latin-1
    public void It_refuses_credentials_without_colon_user_or_clean_utf8(byte[] credentials) => BasicCredentials.Parse(Header(credentials)).ShouldBeNull();

    // The next one to rent it would have it, and so would a dump of the memory.
    [Fact]
    public void The_buffer_goes_back_without_the_password()
    {
        const string Password = "open sesame and all the other doors";
        var credentials = Encoding.UTF8.GetBytes("Aladdin:" + Password);

        BasicCredentials.Parse(Header(credentials)).ShouldNotBeNull();

        // The thread that gave it back last gets it again.
        var buffer = ArrayPool<byte>.Shared.Rent(credentials.Length);
        Encoding.UTF8.GetString(buffer).ShouldNotContain(Password);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    [Fact]
    public void Whatever_follows_the_first_colon_is_the_password() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>((first, second) =>
        {
            var username = new string([.. first.Get.Where(letter => char.IsAscii(letter) && letter != ':' && !char.IsControl(letter))]) + "u";
            var password = new string([.. second.Get.Where(letter => !char.IsSurrogate(letter) && letter is > '\x1F' and not '\x7F')]);
            ShouldRead(Header(Encoding.UTF8.GetBytes($"{username}:{password}")), username, password);
        }).QuickCheckThrowOnFailure();

    private static void ShouldRead(string header, string username, string password)
    {
        var credentials = BasicCredentials.Parse(header).ShouldNotBeNull();
        credentials.Username.ShouldBe(username);
        Encoding.UTF8.GetString(credentials.Password).ShouldBe(password);
    }

    private static string Header(byte[] credentials) => "Basic " + Convert.ToBase64String(credentials);
}
