// Reads what the Python ledger made, checks it with the implementations that the transparency ecosystem uses, and signs something back.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	tdproof "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index, Size int64
	Leaf, Root  []byte
	Proof       [][]byte
}

type consistency struct {
	Old, New         int64
	OldRoot, NewRoot []byte
	Proof            [][]byte
}

type input struct {
	Leaves      [][]byte
	Roots       [][]byte
	Inclusion   []inclusion
	Consistency []consistency
	Origin      string
	LogKey      string
	WitnessKey  string
	MldsaKey    string
	Checkpoint  string
	Receipt     string
}

type output struct {
	Failures   []string
	Checked    int
	Key        string
	Note       string
	WitnessKey string
	MldsaKey   string
	Cosigned   string
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	out := output{Failures: []string{}}
	check := func(what string, err error) {
		out.Checked++
		if err != nil {
			out.Failures = append(out.Failures, what+": "+err.Error())
		}
	}
	var stored hashes
	for n, leaf := range in.Leaves {
		stored = append(stored, must(tlog.StoredHashes(int64(n), leaf, stored))...)
		root := must(tlog.TreeHash(int64(n+1), stored))
		if !bytes.Equal(root[:], in.Roots[n]) {
			check(fmt.Sprintf("root of %d", n+1), fmt.Errorf("differs"))
		} else {
			check("root", nil)
		}
	}
	for _, one := range in.Inclusion {
		check("merkle inclusion", tdproof.VerifyInclusion(rfc6962.DefaultHasher, uint64(one.Index), uint64(one.Size), one.Leaf, one.Proof, one.Root))
		var path tlog.RecordProof
		for _, hash := range one.Proof {
			path = append(path, tlog.Hash(hash))
		}
		check("tlog inclusion", tlog.CheckRecord(path, one.Size, tlog.Hash(one.Root), one.Index, tlog.Hash(one.Leaf)))
	}
	for _, one := range in.Consistency {
		check("merkle consistency", tdproof.VerifyConsistency(rfc6962.DefaultHasher, uint64(one.Old), uint64(one.New), one.Proof, one.OldRoot, one.NewRoot))
	}
	logKey := must(note.NewVerifier(in.LogKey))
	witness := must(fnote.NewVerifierForCosignatureV1(in.WitnessKey))
	mldsa := must(fnote.NewMLDSAVerifier(in.MldsaKey))
	parsed, _, opened, err := log.ParseCheckpoint([]byte(in.Checkpoint), in.Origin, logKey, witness, mldsa)
	check("checkpoint", err)
	if err == nil && (len(opened.Sigs) != 3 || parsed.Size != uint64(len(in.Leaves))) {
		check("checkpoint", fmt.Errorf("%d signatures, size %d", len(opened.Sigs), parsed.Size))
	}
	var receipt proof.TLogProof
	check("receipt", receipt.Unmarshal([]byte(in.Receipt)))

	secret, public, err := note.GenerateKey(nil, "go.example/log")
	if err != nil {
		panic(err)
	}
	signer := must(note.NewSigner(secret))
	text := "go.example/log\n1\n" + base64.StdEncoding.EncodeToString(in.Roots[0]) + "\n"
	out.Key, out.Note = public, string(must(note.Sign(&note.Note{Text: text}, signer)))
	wsecret, wpublic, err := note.GenerateKey(nil, "go.example/witness")
	if err != nil {
		panic(err)
	}
	wsigner := must(fnote.NewSignerForCosignatureV1(wsecret))
	out.WitnessKey = must(fnote.VKeyToCosignatureV1(strings.TrimSpace(wpublic)))
	msecret, mpublic, err := fnote.GenerateMLDSAKey("go.example/mldsa")
	if err != nil {
		panic(err)
	}
	out.MldsaKey = mpublic
	out.Cosigned = string(must(note.Sign(&note.Note{Text: text}, signer, wsigner, must(fnote.NewMLDSASigner(msecret)))))
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}
