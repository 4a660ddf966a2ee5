# Answers past their lifetime, or purged.
#
#   the API is well    past its lifetime, but within stale-while-revalidate: shown, and asked for anew behind it
#                      purged, or past that as well: asked for anew while the reader waits
#   it does not answer shown for an hour, marked, and stored by nobody
#
# Neither reaches past Catalog-Valid-Until, at which an answer is gone (lifetimes.vcl): a price that is known to be wrong
# is worse than none.
#
# vcl_hit cannot turn a hit into a miss. It begins the request again without patience for anything stale, and notes that
# there is something ("held"). Where the API then fails, the request begins once more, with all patience ("wanted").

sub judge_stale {
	if (req.http.edge-stale == "wanted" || !std.healthy(req.backend_hint)) {
		set req.http.edge-stale = "shown";
		return (deliver);
	}
	# Its lifetime ends before it should: somebody purged it.
	if (std.real(duration=obj.ttl, fallback=0.0) + std.time2real(req.time, 0.0) - std.real(obj.http.edge-stored, 0.0) <
	    std.real(obj.http.edge-lifetime, 0.0) - 0.005) {
		call ask_anew;
	}
	if (obj.ttl + std.duration(obj.http.edge-swr + "s", 0s) <= 0s) {
		call ask_anew;
	}
	# Its end came first, and a purge passed over it.
	set req.http.edge-query = obj.http.xkey;
	if (vsthrottle.remaining("everything", 1, 30s) == 0) {
		call ask_anew;
	}
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	call ask_anew_if_purged;
	return (deliver);
}

sub ask_anew_if_purged {
	if (vsthrottle.remaining(regsub(req.http.edge-query, "^ *([^ ]*).*$", "\1"), 1, 30s) == 0) {
		call ask_anew;
	}
	set req.http.edge-query = regsub(req.http.edge-query, "^ *[^ ]* *", "");
}

sub ask_anew {
	set req.http.edge-stale = "held";
	set req.grace = 0s;
	return (restart);
}

# The fetch for which this reader waited was abandoned.
sub fall_back_to_stale {
	if (resp.status == 503 && req.http.edge-stale == "held") {
		set req.http.edge-stale = "wanted";
		set req.grace = 10y;
		return (restart);
	}
}
