# The edge: what a CDN does in front of the API, as Varnish 7 with vmod xkey does it (docs/edge-varnish.md).
#
# It reads a request until nothing is left in it that could change an answer without being part of the key; keeps an
# answer exactly as long as its CDN-Cache-Control and its Catalog-Valid-Until allow; forgets it when its tag is purged;
# and has something to say while the API is down.
#
# The file that includes this one, written at each start (origins.ts), brings what differs from place to place:
#
#   origins, by_key             directors over the API's nodes, each with its probe
#   last_resort                 the same without
#   streams                     the same with its probe and a limit of connections
#   acl purgers                 who may purge
#   sub try_another_origin      asks again where there is somebody else to ask
#
# Headers that begin with "edge-" are this configuration's own notes, on a request or on an answer it keeps. None comes
# from outside, and none leaves towards a reader.

import std;
import str;
import vsthrottle;
import xkey;

include "./requests.vcl";
include "./keys.vcl";
include "./purges.vcl";
include "./lifetimes.vcl";
include "./origin.vcl";
include "./staleness.vcl";
include "./answers.vcl";

sub vcl_recv {
	set req.backend_hint = origins.backend();
	# Begun again by vcl_hit or vcl_deliver: everything has been read, and only the patience is another.
	if (req.restarts > 0) {
		return (hash);
	}
	call refuse_long_addresses;
	call forget_notes;
	call answer_purges;
	call drop_unkeyed;
	call normalise_key;
	call pass_what_is_not_kept;
	call pass_other_spellings;
	return (hash);
}

sub vcl_hash {
	# One shop, whatever name it is asked by: a host in the key would only let strangers fill the cache.
	hash_data(req.url);
	return (lookup);
}

sub vcl_hit {
	if (obj.ttl > 0s) {
		return (deliver);
	}
	call judge_stale;
}

sub vcl_backend_fetch {
	call ask_origin;
	return (fetch);
}

sub vcl_backend_response {
	if (bereq.uncacheable) {
		return (deliver);
	}
	call read_directives;
	call refuse_failures;
	call keep_as_told;
	return (deliver);
}

sub vcl_backend_error {
	call try_another_origin;
	call give_up;
	return (deliver);
}

sub vcl_deliver {
	call fall_back_to_stale;
	call invalidate_written;
	call tell_cache_status;
	call give_browser_lifetime;
	call compare_validators;
	call drop_notes;
	return (deliver);
}

sub vcl_synth {
	call answer_in_json;
	return (deliver);
}
