// Renders the templates of the app package as Gladly does: text/template, the few functions of Sprig that the package
// uses, and Gladly's own `stop`. Reads a list of {template, context} and writes one {output, stopped, failed, error} each.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"text/template"
)

type job struct {
	Template string      `json:"template"`
	Context  interface{} `json:"context"`
}

type result struct {
	Output  string `json:"output"`
	Stopped string `json:"stopped"`
	Failed  string `json:"failed"`
	Error   string `json:"error"`
}

type stopped struct{ reason string }
type failed struct{ reason string }

func (s stopped) Error() string { return s.reason }
func (f failed) Error() string  { return f.reason }

var functions = template.FuncMap{
	"stop": func(reason string) (string, error) { return "", stopped{reason} },
	"fail": func(reason string) (string, error) { return "", failed{reason} },
	"list": func(values ...interface{}) []interface{} { return append([]interface{}{}, values...) },
	"append": func(values []interface{}, value interface{}) []interface{} {
		return append(values[:len(values):len(values)], value)
	},
	"set":        setKey,
	"slice":      sliceList,
	"trunc":      truncate,
	"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
	"b64enc":     func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"b64dec":     decode,
	"dict":       makeDict,
	"toJson": func(value interface{}) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	},
}

// Like Sprig's, which answers with the error's text.
func decode(text string) string {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func makeDict(pairs ...interface{}) map[string]interface{} {
	made := map[string]interface{}{}
	for i := 0; i+1 < len(pairs); i += 2 {
		made[pairs[i].(string)] = pairs[i+1]
	}
	return made
}

func setKey(values map[string]interface{}, key string, value interface{}) map[string]interface{} {
	values[key] = value
	return values
}

// Sprig's takes the place of the one that Go itself has, which cuts texts too.
func sliceList(interface{}, ...int) (interface{}, error) {
	return nil, errors.New("slice takes lists only, trunc cuts texts")
}

func truncate(length int, text string) string {
	if len(text) > length {
		return text[:length]
	}
	return text
}

func render(given job) (made result) {
	// Numbers of the context are floats, but the status of a response is a whole number.
	if context, ok := given.Context.(map[string]interface{}); ok {
		if response, ok := context["response"].(map[string]interface{}); ok {
			response["statusCode"] = int(response["statusCode"].(float64))
		}
	}
	parsed, err := template.New("").Funcs(functions).Parse(given.Template)
	var output bytes.Buffer
	if err == nil {
		err = parsed.Execute(&output, given.Context)
	}
	var stop stopped
	var fail failed
	switch {
	case errors.As(err, &stop):
		made.Stopped = stop.reason
	case errors.As(err, &fail):
		made.Failed = fail.reason
	case err != nil:
		made.Error = err.Error()
	default:
		made.Output = output.String()
	}
	return made
}

func main() {
	var jobs []job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		panic(err)
	}
	results := []result{}
	for _, given := range jobs {
		results = append(results, render(given))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		panic(err)
	}
}
