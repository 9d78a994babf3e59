using Microsoft.AspNetCore.Mvc;

namespace OpenAi.Gateway.Tests.Routing;

[ApiController]
[Route("ping")]
public class PingController : ControllerBase
{
    [HttpGet]
    public string Get() => Request.Method;
}
