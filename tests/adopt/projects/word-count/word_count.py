"""Counts words. Nothing else."""
import asyncio
import sys
import helper

CONFIG = "settings.ini"


async def main():
    print(helper.count(sys.argv[1:]))


if __name__ == '__main__':
    asyncio.run(main())
