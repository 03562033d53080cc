#!/bin/sh
echo python
