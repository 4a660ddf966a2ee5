import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import { addressCaller, type Caller } from "./caller.ts";

/**
 * The address that a read counts for: the one at the other end of the connection. Where that is a proxy that is trusted
 * to tell whom it speaks for, it is the last one in `X-Forwarded-For` that is not such a proxy itself: each proxy adds
 * the address that it was called from at the end, and what stands before is anybody's claim.
 *
 * A household has a network of IPv6, of which any machine can take new addresses at will: it counts as one, by
 * its /64. IPv4 within IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
 */
export type AddressOf = (request: Addressed) => Caller;

/** What of a request tells its address. */
export interface Addressed {
  readonly socket: Connection;
  readonly headers: IncomingHttpHeaders;
}

/** `trustedProxies`: addresses and networks such as 10.0.0.0/8. */
export function createAddressOf(trustedProxies: readonly string[]): AddressOf {
  const trusted = trustedProxies.length === 0 ? undefined : blockListOf(trustedProxies);
  return (request) => {
    const end = endOf(request.socket, trusted);
    // The headers are parsed where they are first asked for: not for every request, then.
    if (!end.isTrusted || trusted === undefined) return end.caller;
    return forwardedFor(request.headers["x-forwarded-for"], trusted) ?? end.caller;
  };
}

/** The other end of a connection, found out once. */
interface End {
  readonly caller: Caller;
  readonly isTrusted: boolean;
}
const known = Symbol("the other end");
interface Connection {
  readonly remoteAddress?: string | undefined;
  [known]?: End;
}

function endOf(socket: Connection, trusted: BlockList | undefined): End {
  return (socket[known] ??= makeEnd(socket.remoteAddress, trusted));
}

/** A connection that is gone has no address any more, and one by a socket of the file system never had one. */
function makeEnd(remote: string | undefined, trusted: BlockList | undefined): End {
  const address = addressOf(remote ?? "");
  if (address === undefined) return { caller: addressCaller("unknown"), isTrusted: false };
  return { caller: addressCaller(address.counted), isTrusted: isAmong(trusted, address) };
}

/** Undefined where nobody is named, or where it cannot be read: then it counts as the proxy's own. */
function forwardedFor(header: string | string[] | undefined, trusted: BlockList): Caller | undefined {
  let rest = header?.toString() ?? "";
  while (rest !== "") {
    const comma = rest.lastIndexOf(",");
    const address = addressOf(rest.slice(comma + 1).trim());
    if (address === undefined) return undefined;
    if (!isAmong(trusted, address)) return addressCaller(address.counted);
    rest = rest.slice(0, Math.max(0, comma));
  }
  return undefined;
}

interface Address {
  readonly text: string;
  readonly family: "ipv4" | "ipv6";
  /** As it is counted. */
  readonly counted: string;
}

function addressOf(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return { text, family: "ipv4", counted: text };
  // Without the zone, which is this machine's own name for a link.
  const groups = groupsOf(text.replace(/%.*$/, ""));
  const [, , , , , marker, high = 0, low = 0] = groups;
  if (marker === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    const within = [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
    return { text: within, family: "ipv4", counted: within };
  }
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return { text, family: "ipv6", counted: `${network.join(":")}::/64` };
}

const groupsMax = 8;

/** The eight groups of an address of IPv6, of which the platform's own parser has made the one usual spelling. */
function groupsOf(address: string): readonly number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const numbers = (part: string) =>
    part === "" ? [] : part.split(":").map((each) => Number.parseInt(each, 16));
  if (tail === undefined) return numbers(head);
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...Array.from({ length: groupsMax - before.length - after.length }, () => 0), ...after];
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const isAmong = (list: BlockList | undefined, { text, family }: Address): boolean =>
  list?.check(text, family) === true;
