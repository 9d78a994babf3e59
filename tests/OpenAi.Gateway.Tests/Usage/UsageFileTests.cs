using System.Text;

namespace OpenAi.Gateway.Tests.Usage;

/// <summary>The file of usage gives back what was written, and never a torn line.</summary>
public sealed class UsageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.PathOf("usage.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_member_of_a_record_comes_back()
    {
        UsageRecord[] records =
        [
            Records.Chat with { Cost = 0.00012345678901234567890123m, Currency = "EUR", ServiceTier = "flex", IsEstimated = true },
            new UsageRecord { Id = Guid.Empty, Time = DateTimeOffset.MaxValue.AddTicks(-3), Route = "/\n\u2028\"é", Upstream = "x" },
            .. Enum.GetValues<UsageEnding>().Select(ending => Records.Chat with { Ending = ending }),
            .. Enum.GetValues<ModelOperation>().Select(operation => Records.Chat with { Operation = operation }),
            Records.Chat with { Duration = TimeSpan.FromTicks(long.MaxValue), TimeToFirstToken = TimeSpan.FromTicks(1) },
        ];

        await WriteAsync(records);

        (await ReadAsync()).ShouldBe(records);
        System.IO.File.ReadAllLines(File).Length.ShouldBe(records.Length);
    }

    [Fact]
    public async Task The_format_is_as_documented()
    {
        await WriteAsync(Records.Chat with { Id = Guid.Empty, Cost = 0.00045m, Currency = "USD" });

        const string Expected = """
            {"id":"00000000-0000-0000-0000-000000000000","time":"2030-01-01T00:30:00+00:00","consumer":"consumer1",
            "route":"/v1/chat/completions","upstream":"openai","node":"https://api.openai.com/","operation":"ChatCompletions",
            "askedModel":"small","sentModel":"gpt-4o","answeredModel":"gpt-4o-2024-08-06",
            "usage":{"input":100,"output":20,"cachedInput":60,"cacheWriteInput":5,"reasoning":7,"total":120},
            "isEstimated":false,"isStreamed":true,"ending":"Ok","status":200,"attempts":1,
            "timeToFirstToken":0.5,"duration":2.9,"cost":0.00045,"currency":"USD"}
            """;
        System.IO.File.ReadAllText(File).ShouldBe(Expected.ReplaceLineEndings("") + "\n");
    }

    [Fact]
    public async Task A_last_line_torn_at_any_byte_is_neither_read_nor_kept()
    {
        await WriteAsync([.. Records.Numbered(2)]);
        var whole = System.IO.File.ReadAllBytes(File);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;

        for (var length = firstLine; length < whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            (await ReadAsync()).ShouldHaveSingleItem().Status.ShouldBe(0);

            await WriteAsync(Records.Chat with { Status = 7 });

            (await ReadAsync()).Select(record => record.Status).ShouldBe([0, 7], $"cut at {length}");
        }
    }

    [Fact]
    public async Task A_torn_line_that_is_the_only_one_or_longer_than_a_block_is_cut_off()
    {
        foreach (var torn in new[] { "{", new string('x', 200_000), "" })
        {
            System.IO.File.WriteAllText(File, torn);

            await WriteAsync(Records.Chat);

            (await ReadAsync()).ShouldHaveSingleItem().ShouldBe(Records.Chat);
        }
    }

    [Fact]
    public async Task Lines_longer_than_a_block_are_read()
    {
        UsageRecord[] records = [Records.Chat, Records.Chat with { AskedModel = new string('m', 300_000) }, Records.Chat];

        await WriteAsync(records);

        (await ReadAsync()).ShouldBe(records);
    }

    [Fact]
    public async Task A_reader_beside_the_writer_sees_whole_lines_only_and_in_the_end_all()
    {
        using var sink = new UsageFileSink(File);
        var writing = Task.Run(async () =>
        {
            foreach (var batch in Records.Numbered(2000).Chunk(50))
            {
                await sink.WriteAsync(batch, CancellationToken.None);
            }
        });

        while (!writing.IsCompleted)
        {
            (await ReadAsync()).Select((record, index) => record.Status == index).ShouldAllBe(isRight => isRight);
        }

        await writing.SoonAsync();
        (await ReadAsync()).Count.ShouldBe(2000);
    }

    [Fact]
    public async Task A_reader_that_holds_half_a_line_does_not_mix_it_with_what_replaces_it()
    {
        await WriteAsync([.. Records.Numbered(3)]);
        var whole = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, [.. whole[..^40], .. ""u8]);

        await using var reader = UsageFile.ReadAsync(File).GetAsyncEnumerator();
        (await reader.MoveNextAsync()).ShouldBeTrue();
        await WriteAsync(Records.Chat with { Status = 9, Consumer = new string('c', 77) });

        var rest = new List<int>();
        while (await reader.MoveNextAsync())
        {
            rest.Add(reader.Current.Status);
        }

        rest.ShouldBe([1, 9]);
    }

    [Fact]
    public async Task What_is_no_usage_file_says_where()
    {
        await WriteAsync(Records.Chat);
        System.IO.File.AppendAllText(File, "hello\n");

        var error = await Should.ThrowAsync<InvalidDataException>(ReadAsync);

        error.Message.ShouldContain($"at byte {Encoding.UTF8.GetByteCount(System.IO.File.ReadAllText(File)) - 6}");
    }

    [Fact]
    public async Task Members_of_a_later_version_are_passed_over()
    {
        await WriteAsync(Records.Chat);
        var line = System.IO.File.ReadAllText(File);
        System.IO.File.WriteAllText(File, line.Insert(1, "\"later\":{\"a\":[1]},"));

        (await ReadAsync()).ShouldHaveSingleItem().ShouldBe(Records.Chat);
    }

    [Fact]
    public async Task A_failed_batch_leaves_no_part_of_itself()
    {
        using var sink = new UsageFileSink(File);
        await sink.WriteAsync([.. Records.Numbered(1)], CancellationToken.None);

        await Should.ThrowAsync<OperationCanceledException>(async () => await sink.WriteAsync([Records.Chat], new CancellationToken(canceled: true)));
        await sink.WriteAsync([Records.Chat with { Status = 1 }], CancellationToken.None);

        (await ReadAsync()).Select(record => record.Status).ShouldBe([0, 1]);
    }

    [Fact]
    public async Task Two_writers_of_one_file_do_not_spoil_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Windows does not open the file a second time.");
        using var first = new UsageFileSink(File);
        using var second = new UsageFileSink(File);
        await first.WriteAsync([Records.Chat], CancellationToken.None);

        var error = await Should.ThrowAsync<IOException>(async () => await second.WriteAsync([Records.Chat], CancellationToken.None));
        await first.WriteAsync([Records.Chat], CancellationToken.None);

        error.Message.ShouldContain("a file of its own");
        (await ReadAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_was_emptied_by_a_rotation_of_logs_goes_on_without_a_hole()
    {
        using var sink = new UsageFileSink(File);
        await sink.WriteAsync([Records.Chat], CancellationToken.None);
        using (var other = new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            other.SetLength(0);
        }

        await sink.WriteAsync([Records.Chat], CancellationToken.None);

        (await ReadAsync()).ShouldHaveSingleItem().ShouldBe(Records.Chat);
    }

    [Fact]
    public async Task The_ledger_writes_it_with_the_cost()
    {
        await using (var host = await UsageHost.StartAsync(usage =>
        {
            usage.File = File;
            usage.Currency = "EUR";
            usage.Prices["gpt-4o"] = new ModelPriceOptions { Input = 1, Output = 2 };
        }))
        {
            host.Ledger.Add(Records.Chat);
            await host.StopAsync();
        }

        (await ReadAsync()).ShouldHaveSingleItem().ShouldBe(Records.Chat with { Cost = 0.00014m, Currency = "EUR" });
    }

    [Fact]
    public async Task A_missing_folder_stops_the_app_and_says_what_to_do()
    {
        var path = _folder.PathOf("missing/usage.jsonl");

        var error = await Should.ThrowAsync<InvalidOperationException>(() => UsageHost.StartAsync(usage => usage.File = path));

        error.Message.ShouldContain(path);
        error.Message.ShouldContain("Create the folder");
    }

    [Fact]
    public async Task A_file_that_is_a_folder_stops_the_app_and_says_what_to_do()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => UsageHost.StartAsync(usage => usage.File = _folder.PathOf("")));

        error.Message.ShouldContain("correct File");
    }

    private async Task WriteAsync(params UsageRecord[] records)
    {
        using var sink = new UsageFileSink(File);
        await sink.WriteAsync(records, CancellationToken.None);
    }

    private async Task<List<UsageRecord>> ReadAsync()
    {
        var records = new List<UsageRecord>();
        await foreach (var record in UsageFile.ReadAsync(File))
        {
            records.Add(record);
        }

        return records;
    }
}
