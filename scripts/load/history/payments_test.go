package main

import (
	"strings"
	"testing"
	"time"

	"mayak/schema/clickhouse/clickhousetest"
)

// What the ring pays stands out, what a clinic's patients pay does not, and all of it is told once.
func TestAStoryHasScoresVerdictsAndDeployments(t *testing.T) {
	db := clickhousetest.Migrated(t)
	if err := db.Conn(t).Exec(t.Context(), "CREATE VIEW counted AS SELECT * FROM events FINAL"); err != nil { // as an aggregator does
		t.Fatal(err)
	}
	args := []string{"-dsn", db.DSN, "-story", "-events", "180000", "-days", "20", "-seed", "4"}
	now := time.Now()
	for range 2 {
		var said strings.Builder
		if err := run(t.Context(), args, now, &said); err != nil {
			t.Fatal(err)
		}
		t.Log(said.String())
	}
	type figures struct {
		Ring, Honest, RingNotLow, HonestNotLow, HonestHigh, Others, IDs, All uint64
		Fraud, Legit, Wrong, Deployments                                     uint64
		Events, Rows, Choices, Receipts, Incidents, Signals                  uint64
	}
	var got figures
	err := db.Conn(t).QueryRow(t.Context(), `SELECT
		countIf(kind = 'query' AND asn = 60781), countIf(kind = 'query' AND asn != 60781),
		countIf(kind = 'query' AND asn = 60781 AND level != 'low'), countIf(kind = 'query' AND asn != 60781 AND level != 'low'),
		countIf(kind = 'query' AND asn != 60781 AND level = 'high'),
		countIf(kind != 'query'), uniqExact(id), count(),
		(SELECT countIf(verdict = 'fraud') FROM risk_feedback FINAL), (SELECT countIf(verdict = 'legit') FROM risk_feedback FINAL),
		(SELECT count() FROM risk_feedback FINAL WHERE (verdict = 'fraud') != (id IN (SELECT id FROM risk_scores WHERE asn = 60781))),
		(SELECT count() FROM deployments FINAL),
		(SELECT count() FROM events FINAL), (SELECT count() FROM events), (SELECT count() FROM consents), (SELECT uniqExact(receipt) FROM consents),
		(SELECT uniqExact(incident) FROM incidents), (SELECT uniqExact(signal) FROM incidents)
		FROM risk_scores`).Scan(&got.Ring, &got.Honest, &got.RingNotLow, &got.HonestNotLow, &got.HonestHigh, &got.Others, &got.IDs, &got.All,
		&got.Fraud, &got.Legit, &got.Wrong, &got.Deployments,
		&got.Events, &got.Rows, &got.Choices, &got.Receipts, &got.Incidents, &got.Signals)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", got)
	if got.Ring < 20 || got.Honest < 200 || got.Others == 0 || got.IDs != got.All {
		t.Errorf("too little, or told twice: %+v", got)
	}
	if got.RingNotLow*10 < got.Ring*6 || got.HonestNotLow*50 > got.Honest {
		t.Errorf("the ring is not what stands out: %+v", got)
	}
	if got.Fraud == 0 || got.Legit == 0 || got.Wrong != 0 || got.Deployments != 4 {
		t.Errorf("verdicts or deployments: %+v", got)
	}
	if got.Events != 180_000 || got.Rows != got.Events || got.Choices < 500 || got.Receipts != got.Choices {
		t.Errorf("events or choices: %+v", got)
	}
	if got.Incidents == 0 || got.Incidents != got.Signals {
		t.Errorf("the failure of the booking service is no incident, or stands twice: %+v", got)
	}
}
