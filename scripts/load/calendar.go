package load

import (
	"time"
	_ "time/tzdata" // the curve must not depend on the machine
)

// Calendar knows when people visit a clinic's site: little at night, most before noon and in the evening, less at weekends.
type Calendar struct{ zone *time.Location }

// NewCalendar makes the calendar of people in Asia/Almaty.
func NewCalendar() Calendar {
	zone, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		panic(err) // the zones are part of the program
	}
	return Calendar{zone: zone}
}

// Weight is how busy the moment's hour is; the mean over a week is about 1.
func (c Calendar) Weight(at time.Time) float64 {
	local := at.In(c.zone)
	return dayCurve(local.Hour()) * weekCurve(local.Weekday())
}

// dayCurve sums up to 24 over a day.
func dayCurve(hour int) float64 {
	return [24]float64{
		0.36, 0.20, 0.13, 0.10, 0.12, 0.22, 0.46, 0.82, 1.28, 1.62, 1.74, 1.66,
		1.46, 1.42, 1.50, 1.46, 1.36, 1.28, 1.26, 1.34, 1.44, 1.38, 0.86, 0.53,
	}[hour]
}

// weekCurve sums up to 7 over a week, which begins on Sunday.
func weekCurve(day time.Weekday) float64 {
	return [7]float64{0.68, 1.22, 1.16, 1.10, 1.08, 1.00, 0.76}[day]
}
