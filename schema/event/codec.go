package event

import (
	"errors"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The spool encoding of a Record:
//
//	version (1 byte) · fields in protobuf's wire format, ascending, zero values left out
//
// Numbers are never reused; a reader skips the ones that it does not know, so a spool is read by newer and older
// programs alike. The version changes only when a field's meaning does. Field 100 is the restricted network row,
// sealed by a Sealer: no spool file holds an address or a raw user agent in the clear. Fields above it make the record a decision.
const version = 1

// Field numbers. Strings, then numbers, then groups; gaps belong to the groups' own messages.
const (
	fieldSite protowire.Number = iota + 1
	fieldTime
	fieldReceived
	fieldType
	fieldID
	fieldPage
	fieldVisitor
	fieldConsent
	fieldPolicyVersion
	fieldHostname
	fieldPath
	fieldQuery
	fieldTitle
	fieldReferrerHost
	fieldChannel
	fieldCampaignSource
	fieldCampaignMedium
	fieldCampaignName
	fieldCampaignTerm
	fieldCampaignContent
	fieldClickID
	fieldCountry
	fieldRegion
	fieldCity
	fieldASN
	fieldNetwork
	fieldBrowser
	fieldBrowserVersion
	fieldOS
	fieldOSVersion
	fieldDevice
	fieldBrand
	fieldModel
	fieldApp
	fieldBot
	fieldScreenWidth
	fieldScreenHeight
	fieldViewportWidth
	fieldViewportHeight
	fieldPixelRatio
	fieldTouch
	fieldLanguage
	fieldTimeZone
	fieldEngagedMS
	fieldScroll
	fieldName
	fieldPropKey
	fieldPropValue
	fieldValue
	fieldCurrency
	fieldVitalName
	fieldVitalValue
	fieldErrorMessage
	fieldErrorSource
	fieldErrorStack
	fieldErrorKind
	fieldErrorLine
	fieldErrorColumn
	fieldNetworkKind
	fieldOrigin
	fieldProtocol
	fieldMethod
	fieldPhase
	fieldStatus
	fieldBytes
	fieldServerMS
	fieldDurationMS
	fieldErrorType
	fieldFingerprint
	fieldWeight
	fieldAttributionKey
	fieldAttributionValue
	fieldReference
	fieldAppVersion

	fieldSealed protowire.Number = 100

	fieldReceipt protowire.Number = 101
	fieldAction  protowire.Number = 102
	fieldHow     protowire.Number = 103
)

// ErrVersion is a record written by a program newer than this one.
var ErrVersion = errors.New("record of an unknown version")

// text is the string field with this number, or nil; appendTexts writes the same.
//
//nolint:cyclop,funlen // a table, one line each.
func (e *Event) text(number protowire.Number) *string {
	switch number {
	case fieldSite:
		return &e.Site
	case fieldID:
		return &e.ID
	case fieldPage:
		return &e.Page
	case fieldPolicyVersion:
		return &e.PolicyVersion
	case fieldHostname:
		return &e.Hostname
	case fieldPath:
		return &e.Path
	case fieldQuery:
		return &e.Query
	case fieldTitle:
		return &e.Title
	case fieldReferrerHost:
		return &e.ReferrerHost
	case fieldChannel:
		return &e.Channel
	case fieldCampaignSource:
		return &e.Campaign.Source
	case fieldCampaignMedium:
		return &e.Campaign.Medium
	case fieldCampaignName:
		return &e.Campaign.Name
	case fieldCampaignTerm:
		return &e.Campaign.Term
	case fieldCampaignContent:
		return &e.Campaign.Content
	case fieldClickID:
		return &e.ClickID
	case fieldCountry:
		return &e.Place.Country
	case fieldRegion:
		return &e.Place.Region
	case fieldCity:
		return &e.Place.City
	case fieldNetwork:
		return &e.Place.Network
	case fieldNetworkKind:
		return &e.Place.NetworkKind
	case fieldBrowser:
		return &e.Agent.Browser
	case fieldBrowserVersion:
		return &e.Agent.BrowserVersion
	case fieldOS:
		return &e.Agent.OS
	case fieldOSVersion:
		return &e.Agent.OSVersion
	case fieldDevice:
		return &e.Agent.Device
	case fieldBrand:
		return &e.Agent.Brand
	case fieldModel:
		return &e.Agent.Model
	case fieldApp:
		return &e.Agent.App
	case fieldBot:
		return &e.Agent.Bot
	case fieldLanguage:
		return &e.Language
	case fieldTimeZone:
		return &e.TimeZone
	case fieldName:
		return &e.Name
	case fieldCurrency:
		return &e.Currency
	case fieldErrorMessage:
		return &e.Error.Message
	case fieldErrorSource:
		return &e.Error.Source
	case fieldErrorStack:
		return &e.Error.Stack
	case fieldErrorKind:
		return &e.Error.Kind
	case fieldErrorType:
		return &e.Error.Type
	case fieldProtocol:
		return &e.Exchange.Protocol
	case fieldMethod:
		return &e.Exchange.Method
	case fieldPhase:
		return &e.Exchange.Phase
	case fieldReference:
		return &e.Reference
	case fieldAppVersion:
		return &e.Agent.AppVersion
	default:
		return nil
	}
}

// AppendBinary appends the encoded record to dst. Its error, as that of encoding.BinaryAppender, is for encodings that can
// fail; this one cannot.
func (r *Record) AppendBinary(dst []byte, sealer *Sealer) ([]byte, error) {
	e := &r.Event
	dst = append(dst, version)
	dst = e.appendTexts(dst)
	dst = e.appendNumbers(dst)
	dst = appendPairs(dst, fieldPropKey, e.Props)
	for _, v := range e.Vitals {
		dst = protowire.AppendTag(dst, fieldVitalName, protowire.BytesType)
		dst = protowire.AppendString(dst, v.Name)
		dst = protowire.AppendTag(dst, fieldVitalValue, protowire.Fixed32Type)
		dst = protowire.AppendFixed32(dst, math.Float32bits(v.Value))
	}
	dst = appendPairs(dst, fieldAttributionKey, e.Attribution)
	if r.Decided() {
		dst = appendText(dst, fieldReceipt, r.Consent.Receipt)
		dst = appendVarint(dst, fieldAction, uint64(r.Consent.Action))
		return appendText(dst, fieldHow, r.Consent.How), nil
	}
	if r.Network == (Network{}) || sealer == nil {
		return dst, nil
	}
	dst = protowire.AppendTag(dst, fieldSealed, protowire.BytesType)
	return sealer.appendSealed(dst, r.Network), nil
}

// appendTexts has a line for each case of text: a loop over that would cost more than the writing.
func (e *Event) appendTexts(dst []byte) []byte {
	dst = appendText(dst, fieldSite, e.Site)
	dst = appendText(dst, fieldID, e.ID)
	dst = appendText(dst, fieldPage, e.Page)
	dst = appendText(dst, fieldPolicyVersion, e.PolicyVersion)
	dst = appendText(dst, fieldHostname, e.Hostname)
	dst = appendText(dst, fieldPath, e.Path)
	dst = appendText(dst, fieldQuery, e.Query)
	dst = appendText(dst, fieldTitle, e.Title)
	dst = appendText(dst, fieldReferrerHost, e.ReferrerHost)
	dst = appendText(dst, fieldChannel, e.Channel)
	dst = appendText(dst, fieldCampaignSource, e.Campaign.Source)
	dst = appendText(dst, fieldCampaignMedium, e.Campaign.Medium)
	dst = appendText(dst, fieldCampaignName, e.Campaign.Name)
	dst = appendText(dst, fieldCampaignTerm, e.Campaign.Term)
	dst = appendText(dst, fieldCampaignContent, e.Campaign.Content)
	dst = appendText(dst, fieldClickID, e.ClickID)
	dst = appendText(dst, fieldCountry, e.Place.Country)
	dst = appendText(dst, fieldRegion, e.Place.Region)
	dst = appendText(dst, fieldCity, e.Place.City)
	dst = appendText(dst, fieldNetwork, e.Place.Network)
	dst = appendText(dst, fieldBrowser, e.Agent.Browser)
	dst = appendText(dst, fieldBrowserVersion, e.Agent.BrowserVersion)
	dst = appendText(dst, fieldOS, e.Agent.OS)
	dst = appendText(dst, fieldOSVersion, e.Agent.OSVersion)
	dst = appendText(dst, fieldDevice, e.Agent.Device)
	dst = appendText(dst, fieldBrand, e.Agent.Brand)
	dst = appendText(dst, fieldModel, e.Agent.Model)
	dst = appendText(dst, fieldApp, e.Agent.App)
	dst = appendText(dst, fieldBot, e.Agent.Bot)
	dst = appendText(dst, fieldLanguage, e.Language)
	dst = appendText(dst, fieldTimeZone, e.TimeZone)
	dst = appendText(dst, fieldName, e.Name)
	dst = appendText(dst, fieldCurrency, e.Currency)
	dst = appendText(dst, fieldErrorMessage, e.Error.Message)
	dst = appendText(dst, fieldErrorSource, e.Error.Source)
	dst = appendText(dst, fieldErrorStack, e.Error.Stack)
	dst = appendText(dst, fieldErrorKind, e.Error.Kind)
	dst = appendText(dst, fieldNetworkKind, e.Place.NetworkKind)
	dst = appendText(dst, fieldErrorType, e.Error.Type)
	dst = appendText(dst, fieldProtocol, e.Exchange.Protocol)
	dst = appendText(dst, fieldMethod, e.Exchange.Method)
	dst = appendText(dst, fieldPhase, e.Exchange.Phase)
	dst = appendText(dst, fieldReference, e.Reference)
	return appendText(dst, fieldAppVersion, e.Agent.AppVersion)
}

func (e *Event) appendNumbers(dst []byte) []byte {
	dst = appendFixed(dst, fieldTime, millis(e.Time))
	dst = appendVarint(dst, fieldReceived, seconds(e.Received))
	dst = appendVarint(dst, fieldType, uint64(e.Type))
	dst = appendFixed(dst, fieldVisitor, e.Visitor)
	dst = appendVarint(dst, fieldConsent, uint64(e.Consent))
	dst = appendVarint(dst, fieldASN, uint64(e.Place.ASN))
	dst = appendVarint(dst, fieldScreenWidth, uint64(e.Screen.Width))
	dst = appendVarint(dst, fieldScreenHeight, uint64(e.Screen.Height))
	dst = appendVarint(dst, fieldViewportWidth, uint64(e.Screen.ViewportWidth))
	dst = appendVarint(dst, fieldViewportHeight, uint64(e.Screen.ViewportHeight))
	dst = appendVarint(dst, fieldPixelRatio, uint64(math.Float32bits(e.Screen.PixelRatio)))
	dst = appendVarint(dst, fieldTouch, uint64(e.Screen.Touch))
	dst = appendVarint(dst, fieldEngagedMS, uint64(e.EngagedMS))
	dst = appendVarint(dst, fieldScroll, uint64(e.Scroll))
	dst = appendFixed(dst, fieldValue, math.Float64bits(e.Value))
	dst = appendVarint(dst, fieldErrorLine, uint64(e.Error.Line))
	dst = appendVarint(dst, fieldErrorColumn, uint64(e.Error.Column))
	dst = appendVarint(dst, fieldOrigin, uint64(e.Origin))
	dst = appendVarint(dst, fieldStatus, uint64(e.Exchange.Status))
	dst = appendVarint(dst, fieldBytes, e.Exchange.Bytes)
	dst = appendVarint(dst, fieldServerMS, uint64(math.Float32bits(e.Exchange.ServerMS)))
	dst = appendVarint(dst, fieldDurationMS, uint64(math.Float32bits(e.Exchange.DurationMS)))
	dst = appendFixed(dst, fieldFingerprint, e.Error.Fingerprint)
	return appendVarint(dst, fieldWeight, uint64(math.Float32bits(e.Weight)))
}

// appendPairs writes each pair as two fields, the value's number one above the key's.
func appendPairs(dst []byte, key protowire.Number, pairs []Pair) []byte {
	for _, p := range pairs {
		dst = protowire.AppendTag(dst, key, protowire.BytesType)
		dst = protowire.AppendString(dst, p.Key)
		dst = protowire.AppendTag(dst, key+1, protowire.BytesType)
		dst = protowire.AppendString(dst, p.Value)
	}
	return dst
}

func appendText(dst []byte, number protowire.Number, text string) []byte {
	if text == "" {
		return dst
	}
	return append(protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.BytesType), uint64(len(text))), text...)
}

func appendVarint(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), v)
}

func appendFixed(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendFixed64(protowire.AppendTag(dst, number, protowire.Fixed64Type), v)
}

func millis(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixMilli()) // two's complement, turned back when read
}

func seconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix()) //nolint:gosec // as above.
}
