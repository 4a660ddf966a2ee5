# Asking the API, and what becomes of a question that it does not answer well.

sub ask_origin {
	# As the origin's address names it.
	unset bereq.http.Host;
	unset bereq.http.edge-fwd;
	unset bereq.http.edge-query;
	unset bereq.http.edge-tag;
	unset bereq.http.edge-denied;
	# The names that compare_validators gives to compressed answers are the edge's own.
	if (bereq.http.If-None-Match) {
		set bereq.http.If-None-Match = regsuball(bereq.http.If-None-Match, {"-gzip""}, {"""});
	}
	if (bereq.uncacheable) {
		return;
	}
	# Everybody who wants the same waits for this one: with something stale to show, not for long.
	set bereq.connect_timeout = 500ms;
	if (bereq.http.edge-stale == "held") {
		set bereq.first_byte_timeout = 1s;
	} else {
		set bereq.first_byte_timeout = 5s;
	}
}

# An API that cannot answer leaves what is kept as it is: behind a stale answer that was given already, and where there
# is one to give (staleness.vcl).
sub refuse_failures {
	if (beresp.status < 400 || beresp.status == 404 || beresp.status == 410) {
		return;
	}
	if (bereq.is_bgfetch) {
		return (abandon);
	}
	if (beresp.status >= 500) {
		call try_another_origin;
		if (bereq.http.edge-stale == "held") {
			return (abandon);
		}
	}
}

sub give_up {
	if (bereq.is_bgfetch || bereq.http.edge-stale == "held") {
		return (abandon);
	}
	call give_unavailable;
	set beresp.ttl = 1ms;
	set beresp.grace = 0s;
	set beresp.keep = 0s;
}

sub give_unavailable {
	set beresp.http.Content-Type = "application/problem+json";
	set beresp.http.Cache-Control = "no-store";
	set beresp.http.Retry-After = "1";
	set beresp.http.edge-stored = std.time2real(now, 0.0);
	set beresp.http.edge-status = beresp.status;
	set beresp.body = """{"type":"urn:shelfwire:problem:unavailable","title":"What this answer needs cannot be reached just now","status":""" +
	    beresp.status + ""","detail":"no API answers, and the edge has nothing to show for this address"}""";
}
