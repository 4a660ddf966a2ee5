import { expect, test } from "vitest";
import { type Addressed, createAddressOf } from "../../api/heat/reader-address.ts";

const from = (remoteAddress: string | undefined, forwarded?: string): Addressed => ({
  socket: { remoteAddress },
  headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
});

const direct = createAddressOf([]);
const behindProxies = createAddressOf(["10.0.0.0/8", "192.0.2.80", "2001:db8:aaaa::/48"]);

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["::1", "0:0:0:0::/64"],
  ["2001:DB8::7", "2001:db8:0:0::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::ffff:192.0.2.1", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  [undefined, "unknown"],
])("a connection from %s counts for %s", (remote, counted) => {
  expect(direct(from(remote)).key).toBe(`address:${counted}`);
});

test("without trusted proxies nobody's header is believed", () => {
  expect(direct(from("10.0.0.1", "198.51.100.7")).key).toBe("address:10.0.0.1");
});

test.each([
  ["from a stranger", "192.0.2.1", "198.51.100.7", "192.0.2.1"],
  ["from a proxy", "10.0.0.1", "198.51.100.7", "198.51.100.7"],
  ["from a proxy by its one address", "192.0.2.80", "198.51.100.7", "198.51.100.7"],
  ["from a proxy of IPv6", "2001:db8:aaaa:9::1", "2001:db8:b::1", "2001:db8:b:0::/64"],
  ["from a proxy that is named as IPv4 within IPv6", "::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"],
  ["by way of several proxies", "10.0.0.1", "198.51.100.7, 192.0.2.80,10.1.1.1", "198.51.100.7"],
  ["with claims of the client before it", "10.0.0.1", "203.0.113.9, nobody, 198.51.100.7", "198.51.100.7"],
  ["of proxies alone", "10.0.0.1", "192.0.2.80, 10.1.1.1", "10.0.0.1"],
  ["that is empty", "10.0.0.1", "", "10.0.0.1"],
  ["that is no address", "10.0.0.1", "unknown", "10.0.0.1"],
  ["with a hole", "10.0.0.1", "198.51.100.7, , 10.1.1.1", "10.0.0.1"],
  ["with a port", "10.0.0.1", "198.51.100.7:80", "10.0.0.1"],
  ["that is missing", "10.0.0.1", undefined, "10.0.0.1"],
])("a header %s", (_, remote, forwarded, counted) => {
  expect(behindProxies(from(remote, forwarded)).key).toBe(`address:${counted}`);
});

test("one connection of a proxy carries many readers, and others are found out once", () => {
  const { socket } = from("10.0.0.1");
  const asked = (forwarded: string) => behindProxies({ socket, headers: { "x-forwarded-for": forwarded } });
  expect([asked("198.51.100.7").key, asked("198.51.100.8").key]).toEqual([
    "address:198.51.100.7",
    "address:198.51.100.8",
  ]);
  expect(asked("198.51.100.7").hash).not.toBe(asked("198.51.100.8").hash);
  const reader = from("192.0.2.1");
  expect(behindProxies(reader)).toBe(behindProxies(reader));
});
