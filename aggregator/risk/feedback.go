package risk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Verdict is what somebody found out later.
type Verdict string

// The verdicts.
const (
	Fraud Verdict = "fraud"
	Legit Verdict = "legit"
)

// Feedback is a verdict about a score, or about the newest score of a visitor.
type Feedback struct {
	Site    string
	Score   string // id of an answer
	Visitor string // as in a question
	Verdict Verdict
	Caller  string
}

// Learn stores a verdict. A second one about the same score replaces the first.
func (d *Desk) Learn(ctx context.Context, f *Feedback) (id string, err error) {
	if !slices.Contains([]Verdict{Fraud, Legit}, f.Verdict) {
		return "", mistake("verdict %.40q does not exist; there are fraud, legit", string(f.Verdict))
	}
	if (f.Score == "") == (f.Visitor == "") {
		return "", mistake("say which by one of score and visitor")
	}
	if err := d.scores.flush(ctx); err != nil { // it may be about an answer of this second
		return "", err
	}
	where, value := "id = {value:String}", f.Score
	if f.Visitor != "" {
		number, err := d.byCookie(f.Site, f.Visitor)
		if err != nil {
			return "", err
		}
		where, value = "visitor = {value:UInt64} AND kind IN ('query', 'session', 'visitor')", strconv.FormatUint(number, 10)
	}
	o := outcome{site: f.Site, at: d.o.Now().UTC(), caller: f.Caller, verdict: f.Verdict}
	err = d.o.Conn.QueryRow(ctx, "SELECT id, visitor, score, signals FROM risk_scores WHERE site = {site:String} AND "+where+" ORDER BY ts DESC LIMIT 1",
		clickhouse.Named("site", f.Site), clickhouse.Named("value", value)).Scan(&o.id, &o.visitor, &o.score, &o.signals)
	if errors.Is(err, sql.ErrNoRows) {
		return "", &MistakeError{Missing: true, Text: "no score of this site is about it; scores are kept for 30 days"}
	}
	if err != nil {
		return "", fmt.Errorf("look for the score: %w", err)
	}
	return o.id, storeOutcomes(ctx, d.o.Conn, []outcome{o})
}

// outcome is a row of risk_feedback.
type outcome struct {
	site    string
	at      time.Time
	id      string // of the score
	caller  string
	visitor uint64
	verdict Verdict
	score   uint8
	signals []string
}

func storeOutcomes(ctx context.Context, conn driver.Conn, all []outcome) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO risk_feedback (site, ts, id, caller, visitor, verdict, score, signals)")
	if err != nil {
		return fmt.Errorf("store verdicts: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	for i := range all {
		o := &all[i]
		if err := batch.Append(o.site, o.at, o.id, o.caller, o.visitor, string(o.verdict), o.score, o.signals); err != nil {
			return fmt.Errorf("store verdicts: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("store verdicts: %w", err)
	}
	return nil
}

// Judged is how well a signal, or a level, tells fraud, by the verdicts.
type Judged struct {
	Name      string
	Seen      int     // scores with it
	Precision float64 // share of fraud among these
	Recall    float64 // share of all fraud that has it
}

// Evaluation is what the verdicts say of the scores.
type Evaluation struct {
	Fraud, Legit int
	AUC          float64 // how often a fraud has a higher score than what was legit; 0 without both
	Levels       []Judged
	Signals      []Judged
}

// Evaluate compares the scores with the verdicts since a moment, of one site or of all.
func Evaluate(ctx context.Context, conn driver.Conn, site string, since time.Time) (*Evaluation, error) {
	rows, err := conn.Query(ctx, `SELECT verdict = 'fraud', score, signals FROM risk_feedback FINAL
		WHERE ({site:String} = '' OR site = {site:String}) AND ts >= {since:DateTime64(3)}`,
		clickhouse.Named("site", site), clickhouse.DateNamed("since", since, clickhouse.MilliSeconds))
	if err != nil {
		return nil, fmt.Errorf("read verdicts: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []judgement
	for rows.Next() {
		var fraud, score uint8
		var signals []string
		if err := rows.Scan(&fraud, &score, &signals); err != nil {
			return nil, fmt.Errorf("read verdicts: %w", err)
		}
		all = append(all, judgement{fraud == 1, int(score), signals})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read verdicts: %w", err)
	}
	return evaluate(all), nil
}

// judgement is one verdict beside the score that it is about.
type judgement struct {
	fraud   bool
	score   int
	signals []string
}

func evaluate(all []judgement) *Evaluation {
	e := &Evaluation{AUC: auc(all)}
	for _, j := range all {
		if j.fraud {
			e.Fraud++
		} else {
			e.Legit++
		}
	}
	judge := func(name string, has func(*judgement) bool) Judged {
		right := 0
		j := Judged{Name: name}
		for i := range all {
			if has(&all[i]) {
				j.Seen++
				if all[i].fraud {
					right++
				}
			}
		}
		j.Precision, j.Recall = float64(right)/float64(max(j.Seen, 1)), float64(right)/float64(max(e.Fraud, 1))
		return j
	}
	for _, level := range []Level{High, Medium, Low} {
		e.Levels = append(e.Levels, judge(string(level), func(j *judgement) bool { return levelOf(j.score) == level }))
	}
	for _, s := range catalogue() {
		e.Signals = append(e.Signals, judge(s.Name, func(j *judgement) bool { return slices.Contains(j.signals, s.Name) }))
	}
	return e
}

// auc is how often a fraud scores above what is legit; the same score is half.
func auc(all []judgement) float64 {
	var legit, fraud [101]float64
	for _, j := range all {
		of := &legit
		if j.fraud {
			of = &fraud
		}
		of[min(max(j.score, 0), 100)]++
	}
	var below, won, l, f float64
	for score := range legit {
		won += fraud[score] * (below + legit[score]/2)
		below += legit[score]
		l, f = l+legit[score], f+fraud[score]
	}
	if l == 0 || f == 0 {
		return 0
	}
	return won / (l * f)
}

// String is the evaluation as a table.
func (e *Evaluation) String() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d verdicts of fraud, %d of legit, AUC %.3f\n\n%-20s %6s %9s %6s\n", e.Fraud, e.Legit, e.AUC, "", "seen", "precision", "recall")
	for _, j := range slices.Concat(e.Levels, e.Signals) {
		precision := "-"
		if j.Seen > 0 {
			precision = fmt.Sprintf("%.3f", j.Precision)
		}
		_, _ = fmt.Fprintf(&b, "%-20s %6d %9s %6.3f\n", j.Name, j.Seen, precision, j.Recall)
	}
	return b.String()
}
