# SPDX-License-Identifier: MIT
# Fetch a page through a co-processor, on a board without a network. `make demo` runs it on an
# emulated Pico. requests is micropython-lib's.
from machine import UART
import coprocessor

coprocessor.start(UART(0, 921600, rxbuf=4096), rx=4096)

print("This board has no network, and wants http://example.org/")
import requests

response = requests.get("http://example.org/")
print("Status:", response.status_code, response.reason.decode())
page = response.text
print("Length:", len(page))
print("Title: ", page.split("<title>")[1].split("</title>")[0])
