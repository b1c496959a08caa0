"""The networks of services that open the links of messages, as they publish them. Merchants edit their own copy.

Whole clouds are left out: the proxies of companies, through which people come, stand there, too.
"""

MICROSOFT_365 = ["40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17", "2a01:111:f403::/48"]
BARRACUDA = ["64.235.144.0/20", "209.222.80.0/21"]
MIMECAST = [
    *("41.74.192.0/20", "63.128.21.0/24", "91.220.42.0/24", "103.13.69.0/24", "103.96.20.0/22", "124.47.150.0/24"),
    *("146.101.78.0/24", "170.10.128.0/20", "185.58.84.0/22", "193.7.206.0/23", "195.130.217.0/24"),
    *("205.139.110.0/23", "207.82.80.0/24", "207.211.30.0/23", "213.167.75.0/24", "213.167.81.0/24"),
    "216.205.24.0/24",
]
PROOFPOINT = ["67.231.144.0/20", "148.163.128.0/19", "185.132.180.0/22", "205.220.160.0/20", "208.83.136.0/21"]
SYMANTEC = [
    *("46.226.48.0/21", "67.219.240.0/20", "85.158.136.0/21", "95.131.104.0/21", "103.9.96.0/22", "117.120.16.0/21"),
    *("193.109.254.0/23", "194.106.220.0/23", "195.245.230.0/23", "216.82.240.0/20"),
]
TREND_MICRO = ["150.70.0.0/16"]
CISCO = ["184.94.240.0/20"]
GOOGLE_BOTS = ["66.249.64.0/19"]


def known_networks() -> list[str]:
    """What a new merchant begins with."""
    return [
        *(*MICROSOFT_365, *BARRACUDA, *MIMECAST, *PROOFPOINT),
        *(*SYMANTEC, *TREND_MICRO, *CISCO, *GOOGLE_BOTS),
    ]
