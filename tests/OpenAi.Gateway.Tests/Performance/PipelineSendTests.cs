using Microsoft.AspNetCore.Http;

namespace OpenAi.Gateway.Tests.Performance;

/// <summary>How often the gateway sends something: over a socket each is a system call, the dearest thing that a request does.</summary>
public class PipelineSendTests
{
    private const int Calls = 20;
    private const int Events = 20;

    [Theory]
    [InlineData(PipelineHost.Plain, false, 1)]
    [InlineData(PipelineHost.Plain, true, 1)]
    [InlineData(PipelineHost.Limited, true, 1)]
    [InlineData(PipelineHost.Cached, true, 0)]
    public async Task A_question_and_its_answer_are_sent_in_one_piece_each(string path, bool isMetered, int toUpstream)
    {
        await using var host = await PipelineHost.StartAsync(isMetered);
        using var gateway = host.ConnectToGateway();
        var request = PipelineHost.RequestTo(path);
        (await gateway.CallAsync(request)).ShouldBe(StatusCodes.Status200OK);
        var (before, upstreamBefore) = (host.SendsToClients, host.Upstream.Sends);

        for (var i = 0; i < Calls; i++)
        {
            (await gateway.CallAsync(request)).ShouldBe(StatusCodes.Status200OK);
        }

        (host.SendsToClients - before, host.Upstream.Sends - upstreamBefore).ShouldBe((Calls, Calls * toUpstream));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_head_of_a_stream_goes_with_its_first_event_and_each_other_event_alone(bool isMetered)
    {
        await using var host = await PipelineHost.StartAsync(isMetered);
        using var gateway = host.ConnectToGateway();

        await gateway.SendAsync(PipelineHost.RequestTo(PipelineHost.Streamed));
        for (var i = 1; i <= Events; i++)
        {
            await gateway.ReadEventAsync();
            host.SendsToClients.ShouldBe(i);
            await host.Upstream.GoOnAsync(toEnd: i == Events);
        }

        await gateway.ReadEndAsync();
        (host.SendsToClients, host.Upstream.Sends).ShouldBe((Events + 1, 1));
    }
}
