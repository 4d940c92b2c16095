"""Addresses that must never be fetched, and some that may: the corpus of F75."""

OK = "storage.voximplant.com"
HOSTS = [OK, "storage-gw-ru-02.voximplant.com"]

GOOD = [
    f"https://{OK}/",
    f"https://{OK}/voximplant-records/2026/05/13/M2M3YmU3.mp3?record_id=1&x=%D0%B0",
    "https://storage-gw-ru-02.voximplant.com/voximplant-records-secure/2026/04/22/Zm-_~.x--?a=b/?",
    f"https://{OK}/a%20b/@/(1);v=2,3!$'*+",
]

HOSTILE = [
    # nothing, or not https
    "", " ", "/", "//", "https:", "https://", "https:///a.mp3", f"{OK}/a.mp3", f"//{OK}/a.mp3",
    f"http://{OK}/a.mp3", f"ftp://{OK}/a.mp3", f"ws://{OK}/a", f"wss://{OK}/a",
    "file:///etc/passwd", f"file://{OK}/etc/passwd", f"gopher://{OK}:70/_GET", "data:audio/mpeg,x",
    "javascript:alert(1)", f"jar:https://{OK}/a!/b", f"dict://{OK}:11211/stat",
    f"blob:https://{OK}/a",
    # spelled otherwise
    f"HTTPS://{OK}/a", f"Https://{OK}/a", f"https://{OK.upper()}/a", f"https://Storage{OK[7:]}/a",
    f"https:/{OK}/a", f"https:{OK}/a", f"https:\\\\{OK}\\a", f"https:/\\{OK}/a",
    f"https://\\{OK}/a",
    f"https://{OK}\\a", f"https://{OK}\\@evil.com/a", f"https://evil.com\\@{OK}/a",
    f" https://{OK}/a", f"https://{OK}/a ", f"\thttps://{OK}/a", f"https://{OK}/a\n",
    f"https://{OK}/a\r\nHost: evil.com", f"ht\ntps://{OK}/a", f"https://{OK}\n/a",
    f"https://{OK} /a",
    f"https://{OK}/a\x00", f"https://{OK}\x00.evil.com/a", f"https://{OK}/\x7f", f"https://{OK}/ж",
    f"https://{OK}/a b", f"https://{OK}/%00", f"https://{OK}/%0d%0aHost:x", f"https://{OK}/%7F",
    f"https://{OK}/%", f"https://{OK}/%g0", f"https://{OK}/%2", f'https://{OK}/"a',
    f"https://{OK}/<a>",
    f"https://{OK}/a#b", f"https://{OK}/#", f"https://{OK}#/a", f"https://{OK}?a", f"https://{OK}",
    f"https://{OK}/" + "a" * 2048, f"\ufeffhttps://{OK}/a", f"https://{OK}/\ud800",
    f"https://{OK}/`a`",
    # user info
    f"https://{OK}@evil.com/a", f"https://u:p@{OK}/a", f"https://@{OK}/a", f"https://:@{OK}/a",
    f"https://{OK}:443@evil.com/a", f"https://evil.com@{OK}/a", f"http://{OK}@evil.com/a",
    f"https://{OK}%40evil.com/a", f"https://evil.com#@{OK}/a", f"https://evil.com?@{OK}/a",
    # ports
    f"https://{OK}:80/a", f"https://{OK}:443/a", f"https://{OK}:8443/a", f"https://{OK}:/a",
    f"https://{OK}:0/a", f"https://{OK}:65979/a", f"https://{OK}:443:80/a", f"https://{OK}:+443/a",
    # other hosts that look alike
    "https://evil.com/a", f"https://{OK}.evil.com/a", f"https://evil-{OK}/a",
    f"https://evil.{OK}/a",
    f"https://{OK}./a", f"https://.{OK}/a", f"https://{OK}../a", "https://voximplant.com/a",
    "https://storage.voximplant.co/a", "https://storagevoximplant.com/a",
    f"https://{OK}%2eevil.com/a",
    "https://storage%2evoximplant.com/a", "https://stor%61ge.voximplant.com/a",
    f"https://{OK},evil.com/a",
    "https://storage.voximplant。com/a", "https://storаge.voximplant.com/a", f"https://{OK}\u200b/a",
    "https://ｓtorage.voximplant.com/a", "https://xn--storge-3ve.voximplant.com/a",
    "https://storage.voxımplant.com/a", "https://storage.voximplant.com\u2044/a", "https://*/a",
    # addresses in every notation
    "https://127.0.0.1/a", "https://localhost/a", "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/a", "https://0x7f000001/a", "https://0x7f.0.0.1/a", "https://0177.0.0.1/a",
    "https://017700000001/a", "https://127.1/a", "https://127.0.1/a", "https://0/a",
    "https://0.0.0.0/a",
    "https://①②⑦.⓪.⓪.①/a", "https://127.0.0.1.nip.io/a", "https://10.0.0.1/a",
    "https://192.168.0.1/a",
    "https://[::1]/a", "https://[::]/a", "https://[::ffff:127.0.0.1]/a",
    "https://[0:0:0:0:0:ffff:7f00:1]/a",
    "https://[::ffff:a9fe:a9fe]/a", "https://[64:ff9b::a9fe:a9fe]/a", "https://[2002:7f00:1::]/a",
    "https://[fe80::1%25eth0]/a", "https://[fd00::1]/a", "https://[::127.0.0.1]/a",
    "https://[2130706433]/a",
    "https://[::1]:443/a", f"https://[{OK}]/a", "https://::1/a",
    "https://metadata.google.internal/a",
]  # fmt: skip
