-- What a history of page views lacks, so that every panel of the dashboards has something to show: reports of browsers, answers of the server,
-- e-mails, choices, requests, audit entries, incidents, scores. Sums are made of the page views that are there.
INSERT INTO events SELECT * REPLACE (concat('n', substring(id, 2)) AS id, 'report' AS type, 'network-error' AS error_kind, 'connection' AS phase, 'tcp.timed_out' AS error_type)
FROM (SELECT * FROM events WHERE type = 'pageview' AND bot = '' AND cityHash64(id) % 7 = 0);
INSERT INTO events SELECT * REPLACE (concat('c', substring(id, 2)) AS id, 'report' AS type, 'csp-violation' AS error_kind, 'script-src' AS error_type, 'ads.example' AS error_source)
FROM (SELECT * FROM events WHERE type = 'pageview' AND bot = '' AND cityHash64(id) % 11 = 0);
INSERT INTO events SELECT * REPLACE (concat('l', substring(id, 2)) AS id, 'answer' AS type, 'log' AS origin, if(cityHash64(id) % 13 = 0, 500, 200) AS status, 120 AS server_ms)
FROM (SELECT * FROM events WHERE type = 'pageview' AND bot = '' AND cityHash64(id) % 5 = 0);
INSERT INTO events SELECT * REPLACE (concat('m', substring(id, 2)) AS id, if(cityHash64(id) % 3 = 0, 'click', 'open') AS type, 'digest' AS utm_campaign, 'human' AS name, cityHash64(id) AS visitor)
FROM (SELECT * FROM events WHERE type = 'pageview' AND bot = '' AND cityHash64(id) % 9 = 0);
INSERT INTO events SELECT * REPLACE (concat('b', substring(id, 2)) AS id, 'event' AS type, 'booking' AS name, 5000 AS value, 'KZT' AS currency)
FROM (SELECT * FROM events WHERE type = 'pageview' AND bot = '' AND cityHash64(visitor) % 3 = 0);
INSERT INTO consents (site, ts, visitor, receipt, action, level, policy_version, language, how)
SELECT 'demo', now64(3) - INTERVAL number HOUR, number + 1, toString(number), if(number % 5 = 0, 'withdrawn', 'given'), if(number % 5 = 0, 'essential', 'analytics'), '1', 'kk', if(number % 3 = 0, 'page', 'banner') FROM numbers(40);
INSERT INTO subject_requests (ticket, version, kind, state, site, origin, opened, deadline)
SELECT concat('E-', toString(number)), 1, if(number % 2 = 0, 'erase', 'export'), if(number = 0, 'opened', 'done'), 'demo', 'page', now64(3) - INTERVAL 1 DAY, now() + INTERVAL (number - 1) DAY FROM numbers(3);
INSERT INTO audit_log (writer, sequence, at, who, role, action, site, previous, hash)
SELECT 'w', number + 1, now64(6) - INTERVAL (10 - number) HOUR, 'user a', 'officer', 'export', 'demo', if(number = 0, '', concat('h', toString(number - 1))), concat('h', toString(number)) FROM numbers(5);
INSERT INTO retention_proofs (proven, of, purpose, days, oldest, overdue, removed)
SELECT now64(3), 'events', 'analytics', 400, now() - INTERVAL 40 DAY, 0, 12;
INSERT INTO incidents (incident, writer, claimed, version, site, zone, signal, state, started, opened, closed, value, usual, ratio, score, count, minutes, causes, text)
SELECT concat('i', toString(number)), 'w', number, 1, 'demo', 'Asia/Almaty', if(number = 0, 'ttfb', 'failures'), if(number = 0, 'open', 'closed'),
       now() - INTERVAL (1 + number) HOUR, now() - INTERVAL (1 + number) HOUR, if(number = 0, toDateTime(0, 'UTC'), now() - INTERVAL 1 HOUR), 3000, 400, 7.5, 9, 120, 15, '[]', 'TTFB 3000 ms, usually 400' FROM numbers(2);
INSERT INTO risk_scores (site, ts, id, kind, network, asn, country, score, level, signals, weights)
SELECT 'demo', now64(3) - INTERVAL number * 7 MINUTE, toString(number), if(number % 4 = 0, 'network', 'query'), concat('203.0.', toString(number % 9), '.0/24'), 64500 + number % 3, 'KZ', number * 31 % 100,
       multiIf(number * 31 % 100 >= 70, 'high', number * 31 % 100 >= 35, 'medium', 'low'), ['hosting', 'fast'], [1.5, 0.7] FROM numbers(60);
INSERT INTO risk_feedback (site, ts, id, verdict, score) SELECT 'demo', now64(3) - INTERVAL number HOUR, toString(number), if(number % 3 = 0, 'fraud', 'legitimate'), number * 31 % 100 FROM numbers(12);
INSERT INTO bot_visitors (site, visitor, reason, decided) SELECT 'demo', number + 1, 'behaviour:fast', now() - INTERVAL number HOUR FROM numbers(9);
INSERT INTO deployments (site, at, version, text) SELECT 'demo', now() - INTERVAL 5 HOUR, '1.4.2', 'booking in one step'
