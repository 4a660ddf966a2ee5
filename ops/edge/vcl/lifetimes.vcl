# Lifetimes: what is kept, and until when.
#
# CDN-Cache-Control decides where it is there (RFC 9213), Cache-Control and Expires elsewhere. The end is exact to the
# millisecond: a known change ends an answer at its Catalog-Valid-Until, which the seconds of max-age round down, and
# nothing reaches past it: no lifetime, no revalidation behind a stale answer, no stale answer for a dead API.

sub read_directives {
	set beresp.http.edge-control = beresp.http.Cache-Control;
	if (beresp.http.CDN-Cache-Control) {
		set beresp.http.edge-control = beresp.http.CDN-Cache-Control;
	}
	# Words inside of quoted strings are no directives.
	set beresp.http.edge-control = regsuball(beresp.http.edge-control, {""[^"]*""}, "");
}

sub keep_as_told {
	set beresp.http.edge-stored = std.time2real(now, 0.0);
	call name_answer;

	# The API's answers depend on the key alone. So what it does not want to be stored, errors above all, still goes to
	# those who were waiting for the same; but an error that a request brought on itself, by its size say, is its own.
	if (beresp.status >= 400 || (beresp.http.edge-control ~ "(?i)(^|[ ,])no-store($|[ ,])" && bereq.url ~ "^/api/")) {
		if (beresp.status < 400 || beresp.status == 404 || beresp.status == 410 || beresp.status >= 500) {
			call give_to_those_who_wait;
		} else {
			call forget_at_once;
		}
		return;
	}
	call read_lifetime;
	call end_at_boundary;
	if (beresp.http.edge-control ~ "(?i)(^|[ ,])(no-store|no-cache|private)($|[ ,=])" ||
	    beresp.http.Vary ~ "(^|[ ,])\*($|[ ,])") {
		set beresp.ttl = 0s;
	}
	if (beresp.ttl <= 0s) {
		# A note that this is not kept, so that its readers do not wait for one another.
		set beresp.ttl = 120s;
		set beresp.grace = 0s;
		set beresp.keep = 0s;
		set beresp.uncacheable = true;
		return;
	}
	call purged_lately;
	set beresp.http.edge-lifetime = beresp.ttl;
	call compress;
}

# Kept for a microsecond. Varnish compares a lifetime with the moment at which a request came: all who came before the
# answer get it, and nobody who came later. With a lifetime of 0 each of them would have to fetch for himself, one after
# another.
sub give_to_those_who_wait {
	set beresp.ttl = 1ms * 0.001;
	set beresp.grace = 0s;
	set beresp.keep = 0s;
}

sub forget_at_once {
	set beresp.ttl = 0s;
	set beresp.grace = 0s;
	set beresp.keep = 0s;
	set beresp.uncacheable = true;
}

# vmod xkey finds the tags in the header "xkey". An answer's own address is one of them.
sub name_answer {
	set beresp.http.xkey = beresp.http.Surrogate-Key + " url=" + regsuball(bereq.url, "[,\s]", "_");
	# A 304 confirms the answer that is kept, and must not give it another name (RFC 9111, 4.3.4).
	if (beresp.was_304) {
		set beresp.http.ETag = beresp.http.edge-etag;
		set beresp.http.edge-status = "304";
	} else {
		set beresp.http.edge-etag = beresp.http.ETag;
		set beresp.http.edge-status = beresp.status;
	}
}

sub read_lifetime {
	std.collect(beresp.http.Age);
	set beresp.http.edge-swr = "0";
	if (beresp.http.edge-control ~ "(?i)(^|[ ,])stale-while-revalidate=[0-9]{1,9}($|[ ,])") {
		set beresp.http.edge-swr = regsub(beresp.http.edge-control, "(?i)^.*stale-while-revalidate=([0-9]+).*$", "\1");
	}
	if (beresp.http.CDN-Cache-Control) {
		call read_targeted_lifetime;
	} else if (beresp.http.Age && beresp.http.Age !~ "^[0-9]{1,9}$") {
		# Nobody can say how old it is.
		set beresp.ttl = 0s;
	} else if (beresp.http.Expires && beresp.http.Age && beresp.http.edge-control !~ "(?i)max-?age=" &&
	    std.time(beresp.http.Expires, now) - std.time(beresp.http.Date, now) <= std.duration(beresp.http.Age + "s", 0s)) {
		# Where the origin's clock is another one, Varnish forgets the age.
		set beresp.ttl = 0s;
	}
	# How long an answer is shown past its end while the API has no new one: for an hour, which is the freshness bound of
	# a product's details, unless it says otherwise itself (RFC 5861, 4; RFC 9111, 4.2.4).
	set beresp.grace = std.duration(beresp.http.edge-swr + "s", 0s) + 1h;
	set beresp.keep = 0s;
	if (beresp.http.edge-control ~ "(?i)(^|[ ,])stale-if-error=[0-9]{1,9}($|[ ,])") {
		set beresp.grace = std.duration(beresp.http.edge-swr + "s", 0s) +
		    std.duration(regsub(beresp.http.edge-control, "(?i)^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
	}
	if (beresp.http.edge-control ~ "(?i)(^|[ ,])(must-revalidate|proxy-revalidate|s-maxage=[0-9]+)($|[ ,])") {
		set beresp.grace = 0s;
		set beresp.http.edge-swr = "0";
		# It still knows its validator.
		set beresp.keep = 1h;
	}
}

# Counted from when the answer was last known to equal the log, which is its Age ago. Where that has used all of it up,
# as for details while the projector is away, a second is left: without it a tier that is behind would meet every reader.
sub read_targeted_lifetime {
	if (beresp.http.edge-control !~ "(?i)(^|[ ,])max-age=[1-9][0-9]{0,8}($|[ ,])") {
		set beresp.ttl = 0s;
		return;
	}
	set beresp.ttl = std.duration(regsub(beresp.http.edge-control, "(?i)^.*max-age=([0-9]+).*$", "\1s"), 0s) -
	    std.duration(regsub(beresp.http.Age, "^([0-9]{1,9})$", "\1s"), 0s);
	if (beresp.ttl < 1s) {
		set beresp.ttl = 1s;
	}
}

sub end_at_boundary {
	if (beresp.http.Catalog-Valid-Until !~ "^[0-9]{4,15}$") {
		return;
	}
	# As seconds: std.real reads no more than twelve digits before the point.
	set beresp.http.edge-left = std.real(regsub(beresp.http.Catalog-Valid-Until, "([0-9]{3})$", ".\1"), 0.0) -
	    std.time2real(now, 0.0);
	if (std.real(beresp.http.edge-left, 0.0) <= 0.0) {
		# It became wrong on its way here. The API's clock has passed the moment as well, or does so presently.
		if (bereq.retries < 3) {
			return (retry);
		}
		call give_to_those_who_wait;
		return;
	}
	# A lifetime that the boundary cut short has lost up to a second to rounding. Where that left nothing, this is all of
	# it, which does not depend on how the API's clock compares with this one.
	if (beresp.ttl <= 0s && beresp.http.edge-control ~ "(?i)(^|[ ,])max-age=0+($|[ ,])") {
		set beresp.ttl = 1s;
	} else if (beresp.ttl > 0s && std.real(beresp.http.edge-left, 0.0) <
	    std.real(regsub(beresp.http.edge-control, "(?i)^.*max-age=([0-9]+).*$", "\1"), 0.0) + 1.0) {
		set beresp.ttl = beresp.ttl + 1s;
	}
	if (beresp.ttl > std.duration(beresp.http.edge-left + "s", 0s)) {
		set beresp.ttl = std.duration(beresp.http.edge-left + "s", 0s);
	}
	if (beresp.ttl + beresp.grace > std.duration(beresp.http.edge-left + "s", 0s)) {
		set beresp.grace = std.duration(beresp.http.edge-left + "s", 0s) - beresp.ttl;
	}
}

# See remember_purges.
sub purged_lately {
	set beresp.http.edge-tags = beresp.http.xkey;
	set beresp.http.edge-purged = "";
	if (vsthrottle.remaining("everything", 1, 2s) == 0) {
		set beresp.http.edge-purged = "lately";
	}
	# It took so long that a purge behind which it was made may be forgotten again.
	if (std.time2real(now, 0.0) - std.real(bereq.http.edge-began, 0.0) > 1.5) {
		set beresp.http.edge-purged = "perhaps";
	}
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	call look_for_one_purge;
	if (beresp.http.edge-purged == "lately" && beresp.ttl > 250ms) {
		set beresp.ttl = 250ms;
	} else if (beresp.http.edge-purged == "perhaps" && beresp.ttl > 1s) {
		set beresp.ttl = 1s;
	}
	# Each tag that is looked for leaves an empty bucket behind, and only taking tokens, a thousand of each sixteenth part
	# of them, sweeps those out that are of no use any more. Where nobody purges, this does; by the number of the
	# request, so that each part has its turn.
	set beresp.http.edge-denied = vsthrottle.is_denied("sweep" + regsub(bereq.xid, "^.*(..)$", "\1"), 1000000, 1s);
	unset beresp.http.edge-tags;
	unset beresp.http.edge-purged;
}

sub look_for_one_purge {
	if (vsthrottle.remaining(regsub(beresp.http.edge-tags, "^ *([^ ]*).*$", "\1"), 1, 2s) == 0) {
		set beresp.http.edge-purged = "lately";
	}
	set beresp.http.edge-tags = regsub(beresp.http.edge-tags, "^ *[^ ]* *", "");
}

# Text is kept compressed, once, and unpacked for the few who cannot read it so (answers.vcl names both). It leaves when
# it is whole: only then is its length known.
sub compress {
	if (beresp.status == 200 && !beresp.http.Content-Encoding &&
	    beresp.http.Content-Type ~ "(?i)^(text/|application/(json|[a-z.+-]*\+json|javascript|xml)|image/svg)" &&
	    std.integer(beresp.http.Content-Length, 512) >= 512) {
		set beresp.do_gzip = true;
		set beresp.do_stream = false;
	}
}
