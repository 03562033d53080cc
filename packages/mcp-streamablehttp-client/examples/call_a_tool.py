"""Lists the tools of a server and calls one.

usage: python call_a_tool.py URL TOOL [ARGUMENTS]

``ARGUMENTS`` are written as on the command line: JSON, key=value pairs or one value.
"""

import asyncio
import sys

from mcp_streamablehttp_client import MCPClient, parse_tool_arguments


async def main(url: str, tool_name: str, text: str) -> None:
    async with MCPClient(url) as client:
        print("protocol:", client.protocol_version)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        print("tools:", ", ".join(sorted(tools)))
        arguments = parse_tool_arguments(tool_name, text, tools[tool_name].input_schema)
        result = await client.call_tool(tool_name, arguments)
        for block in result.content:
            print("answer:", getattr(block, "text", block.type))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], " ".join(sys.argv[3:])))
