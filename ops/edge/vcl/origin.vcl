# Asking the API, and what becomes of a question that it does not answer well.

sub ask_origin {
	# The reader has a stale answer because there is no other to be had: there is nobody to ask behind it.
	if (bereq.is_bgfetch && bereq.http.edge-stale == "shown") {
		return (abandon);
	}
	# See purged_lately.
	set bereq.http.edge-began = std.time2real(now, 0.0);
	set bereq.connect_timeout = 500ms;
	call choose_origin;
	# As the origin's address names it.
	unset bereq.http.Host;
	unset bereq.http.edge-fwd;
	unset bereq.http.edge-query;
	unset bereq.http.edge-tag;
	unset bereq.http.edge-denied;
	unset bereq.http.edge-refused;
	# The names that compare_validators gives to compressed answers are the edge's own.
	if (bereq.http.If-None-Match) {
		set bereq.http.If-None-Match = regsuball(bereq.http.If-None-Match, {"-gzip""}, {"""});
	}
	if (bereq.uncacheable) {
		if (bereq.first_byte_timeout > 10s) {
			set bereq.first_byte_timeout = 10s;
		}
		return;
	}
	# Everybody who wants the same waits for this one: with something stale to show, not for long.
	if (bereq.http.edge-stale == "held") {
		set bereq.first_byte_timeout = 1s;
	} else if (bereq.first_byte_timeout > 5s) {
		set bereq.first_byte_timeout = 5s;
	}
}

sub choose_origin {
	# A stream has no end to wait for, and holds threads until its reader goes: beyond the limit there is none.
	if (bereq.uncacheable && bereq.url ~ "^/api/products/[^/?]+/live(\?|$)") {
		set bereq.backend = streams.backend();
		return;
	}
	# What is kept is asked for at one node by its key, so that all of them together remember more; what is passed goes
	# around. Again means elsewhere.
	if (!bereq.uncacheable) {
		set bereq.backend = by_key.backend(by=HASH, alt=bereq.retries, healthy=ALL);
	} else if (bereq.retries > 0) {
		set bereq.backend = by_key.backend(by=URL, alt=bereq.retries - 1, healthy=ALL);
	}
	# Out of service is not dead: who has nothing stale to fall back on asks a node that says so all the same.
	if (!std.healthy(bereq.backend)) {
		set bereq.backend = last_resort.backend();
		set bereq.first_byte_timeout = 2s;
	}
}

# An API that cannot answer leaves what is kept as it is: behind a stale answer that was given already, and where there
# is one to give. So does a degraded answer, which is good for one reader: were it to take the place of what is kept, the
# next outage would find nothing to show.
sub refuse_failures {
	if (beresp.status < 400 && bereq.url ~ "^/api/" && beresp.http.edge-control ~ "(?i)(^|[ ,])no-store($|[ ,])") {
		if (bereq.is_bgfetch) {
			return (abandon);
		}
		if (bereq.http.edge-stale == "held") {
			return (error(503));
		}
	}
	if (beresp.status < 400 || beresp.status == 404 || beresp.status == 410) {
		return;
	}
	if (bereq.is_bgfetch) {
		return (abandon);
	}
	# What a request brought on itself, by its size or by how many there were, is no failure: the next one is asked for.
	if (beresp.status < 500 && bereq.http.edge-stale == "held") {
		set bereq.http.edge-refused = "itself";
		return (error(503));
	}
	if (beresp.status >= 500) {
		call try_another_origin;
		# By way of vcl_backend_error, which alone lets the stale answer live.
		if (bereq.http.edge-stale == "held") {
			return (error(503));
		}
	}
}

sub give_up {
	if (bereq.is_bgfetch) {
		return (abandon);
	}
	call give_unavailable;
	# Varnish has given it a lifetime where others wait for it. Without one it replaces nothing.
	if (beresp.ttl > 0s) {
		call give_to_those_who_wait;
	}
	call tell_those_who_hold;
}

# The failure is for those who have something stale to fall back on (staleness.vcl), and who waited for this: Vary, by
# the note, hides it from everybody else and from themselves when they come again. For a second nobody else tries.
sub tell_those_who_hold {
	if (bereq.http.edge-stale == "held") {
		set beresp.http.Vary = "edge-stale";
		if (!bereq.http.edge-refused) {
			set beresp.http.edge-denied = vsthrottle.is_denied("failing " + bereq.url, 1, 1s);
		}
	}
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
