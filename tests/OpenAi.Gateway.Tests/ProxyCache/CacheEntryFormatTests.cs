using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;

namespace OpenAi.Gateway.Tests.ProxyCache;

public class CacheEntryFormatTests
{
    private static readonly CacheEntry Sample = new(
        200,
        new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero),
        TimeSpan.FromSeconds(300),
        [new("Content-Type", "application/json"), new("X-Two", new StringValues(["1", "2"])), new("X-Name", "Ünï"), new("X-Empty", "")],
        "{\"answer\":1}"u8.ToArray());

    [Fact]
    public void What_was_written_is_read()
    {
        Prop.ForAll<byte[], NonNull<string>, PositiveInt>((body, header, seconds) =>
        {
            var value = new string([.. header.Get.Where(letter => !char.IsSurrogate(letter))]);
            var entry = Sample with
            {
                Status = 200 + (seconds.Get % 400),
                StoredAt = Sample.StoredAt.AddTicks(seconds.Get),
                FreshFor = TimeSpan.FromTicks(seconds.Get),
                Headers = [.. Sample.Headers, new("X-Any", value)],
                Body = body,
            };
            var read = CacheEntryFormat.Read(CacheEntryFormat.Write(entry))!;
            return read.Status == entry.Status
                && read.StoredAt == entry.StoredAt
                && read.FreshFor == entry.FreshFor
                && read.Headers.SequenceEqual(entry.Headers)
                && read.Body.Span.SequenceEqual(entry.Body.Span);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_body_of_many_megabytes_is_read()
    {
        var body = new byte[20 << 20];
        Random.Shared.NextBytes(body);

        CacheEntryFormat.Read(CacheEntryFormat.Write(Sample with { Body = body }))!.Body.Span.SequenceEqual(body).ShouldBeTrue();
    }

    [Fact]
    public void Cut_at_any_byte_it_is_nothing()
    {
        var whole = CacheEntryFormat.Write(Sample);
        for (var length = 0; length < whole.Length; length++)
        {
            CacheEntryFormat.Read(whole[..length]).ShouldBeNull($"cut at {length}");
        }

        CacheEntryFormat.Read([.. whole, 0]).ShouldBeNull();
    }

    [Fact]
    public void With_any_byte_wrong_it_is_nothing()
    {
        var whole = CacheEntryFormat.Write(Sample);
        for (var at = 0; at < whole.Length; at++)
        {
            foreach (var wrong in new byte[] { 0, 1, 0x7f, 0x80, 0xff }.Where(wrong => wrong != whole[at]))
            {
                CacheEntryFormat.Read(With(whole, at, wrong)).ShouldBeNull($"{wrong} at {at}");
            }
        }
    }

    [Fact]
    public void Whatever_has_the_right_checksum_is_read_without_an_exception()
    {
        var whole = CacheEntryFormat.Write(Sample);
        for (var at = 1; at < whole.Length; at++)
        {
            foreach (var wrong in new byte[] { 0, 1, 0x7f, 0x80, 0xff })
            {
                var bytes = With(whole, at, wrong);
                CacheEntryFormat.Finish(bytes, Sample.StoredAt);
                if (CacheEntryFormat.Read(bytes) is { } entry)
                {
                    // Whoever has it can ask it everything.
                    _ = entry.IsFresh(Sample.StoredAt) || entry.Age(DateTimeOffset.MaxValue) < entry.FreshFor + TimeSpan.FromDays(49);
                    entry.Status.ShouldBeInRange(200, 599);
                }
            }
        }
    }

    [Fact]
    public void Any_bytes_may_come_without_an_exception() => Prop.ForAll<byte[]>(some =>
    {
        var bytes = (byte[])[2, .. new byte[14], .. some];
        CacheEntryFormat.Finish(bytes, Sample.StoredAt);
        return CacheEntryFormat.Read([2, .. some]) is null && (CacheEntryFormat.Read(bytes) is null || some.Length > 10);
    }).QuickCheckThrowOnFailure();

    private static byte[] With(byte[] bytes, int at, byte value)
    {
        var changed = bytes.ToArray();
        changed[at] = value;
        return changed;
    }
}
