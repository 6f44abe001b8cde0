package oip

import (
	"net/http"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// messages are those of the protocol that the server needs, by name, from its definition.
var messages = sync.OnceValue(func() protoreflect.MessageDescriptors {
	const (
		text, bytes, integer = descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_BYTES, descriptorpb.FieldDescriptorProto_TYPE_INT64
		single, double       = descriptorpb.FieldDescriptorProto_TYPE_FLOAT, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE
	)
	one := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &kind, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
	}
	many := func(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
		f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		return f
	}
	of := func(name string, number int32, message string) *descriptorpb.FieldDescriptorProto {
		f := one(name, number, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
		f.TypeName = new(".inference." + message)
		return f
	}
	message := func(name string, fields ...*descriptorpb.FieldDescriptorProto) *descriptorpb.DescriptorProto {
		return &descriptorpb.DescriptorProto{Name: &name, Field: fields}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("oip.proto"), Package: new("inference"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			message("ModelMetadataRequest", one("name", 1, text), one("version", 2, text)),
			message("ModelMetadataResponse", one("name", 1, text), many(one("versions", 2, text)), one("platform", 3, text), many(of("inputs", 4, "Tensor")), many(of("outputs", 5, "Tensor"))),
			message("ModelInferRequest", one("model_name", 1, text), one("model_version", 2, text), one("id", 3, text), many(of("inputs", 5, "Tensor")), many(one("raw_input_contents", 7, bytes))),
			message("ModelInferResponse", one("model_name", 1, text), one("model_version", 2, text), one("id", 3, text), many(of("outputs", 5, "Tensor")), many(one("raw_output_contents", 6, bytes))),
			message("Tensor", one("name", 1, text), one("datatype", 2, text), many(one("shape", 3, integer)), of("contents", 5, "Contents")),
			message("Contents", many(one("fp32_contents", 6, single)), many(one("fp64_contents", 7, double))),
		},
	}, nil)
	must(err)
	return file.Messages()
})

// object is a message by names.
type object struct{ *dynamicpb.Message }

func newObject(name protoreflect.Name) object {
	return object{dynamicpb.NewMessage(messages().ByName(name))}
}

func (o object) field(name protoreflect.Name) protoreflect.FieldDescriptor {
	return o.Descriptor().Fields().ByName(name)
}

func (o object) text(name protoreflect.Name) string { return o.Get(o.field(name)).String() }

func (o object) list(name protoreflect.Name) protoreflect.List {
	return o.Mutable(o.field(name)).List()
}

func (o object) set(name protoreflect.Name, value string) {
	o.Set(o.field(name), protoreflect.ValueOfString(value))
}

func (o object) add(name protoreflect.Name, value any) {
	o.list(name).Append(protoreflect.ValueOf(value))
}

// addTensor adds one, with its numbers within if asked to.
func (o object) addTensor(name protoreflect.Name, t tensor, within bool) {
	v := object{o.list(name).AppendMutable().Message().Interface().(*dynamicpb.Message)}
	v.set("name", t.Name)
	v.set("datatype", t.Datatype)
	for _, size := range t.Shape {
		v.add("shape", size)
	}
	if !within || !float(t.Datatype) {
		return
	}
	contents := object{v.Mutable(v.field("contents")).Message().Interface().(*dynamicpb.Message)}
	for _, x := range numbers(t.Datatype, t.raw) {
		if t.Datatype == fp32 {
			contents.add("fp32_contents", float32(x))
		} else {
			contents.add("fp64_contents", x)
		}
	}
}

// serveGRPC serves both methods.
func (s *server) serveGRPC(_ any, stream grpc.ServerStream) error {
	md, _ := metadata.FromIncomingContext(stream.Context())
	if shown := md.Get("authorization"); s.token != "" && (len(shown) != 1 || shown[0] != "Bearer "+s.token) {
		return status.Error(codes.Unauthenticated, "who are you?")
	}
	switch method, _ := grpc.MethodFromServerStream(stream); method {
	case "/inference.GRPCInferenceService/ModelMetadata":
		return s.describeGRPC(stream)
	case "/inference.GRPCInferenceService/ModelInfer":
		return s.inferGRPC(stream)
	default:
		return status.Error(codes.Unimplemented, method)
	}
}

func (s *server) describeGRPC(stream grpc.ServerStream) error {
	request := newObject("ModelMetadataRequest")
	if err := stream.RecvMsg(request.Message); err != nil {
		return err
	}
	if v := request.text("version"); request.text("name") != s.model || v != "" && v != s.version || s.mood.Load() == gone {
		return status.Error(codes.NotFound, "no such model")
	}
	about := newObject("ModelMetadataResponse")
	about.set("name", s.model)
	about.add("versions", s.version)
	if s.declares {
		about.addTensor("inputs", s.input(), false)
	}
	return stream.SendMsg(about.Message)
}

func (s *server) inferGRPC(stream grpc.ServerStream) error {
	request := newObject("ModelInferRequest")
	if err := stream.RecvMsg(request.Message); err != nil {
		return err
	}
	q := question{model: request.text("model_name"), version: request.text("model_version")}
	if request.list("inputs").Len() != 1 || request.list("raw_input_contents").Len() != 1 {
		return status.Error(codes.InvalidArgument, "not as the protocol says")
	}
	in := object{request.list("inputs").Get(0).Message().Interface().(*dynamicpb.Message)}
	q.input = tensor{Name: in.text("name"), Datatype: in.text("datatype"), raw: request.list("raw_input_contents").Get(0).Bytes()}
	for i := range in.list("shape").Len() {
		q.input.Shape = append(q.input.Shape, in.list("shape").Get(i).Int())
	}
	a := s.infer(q)
	if a.status != http.StatusOK {
		code := map[int]codes.Code{http.StatusNotFound: codes.NotFound, http.StatusServiceUnavailable: codes.Unavailable, http.StatusBadRequest: codes.InvalidArgument}[a.status]
		if code == codes.OK {
			code = codes.Internal
		}
		return status.Error(code, "no scores")
	}
	response := newObject("ModelInferResponse")
	response.set("model_name", a.model)
	response.set("model_version", a.version)
	for _, t := range a.outputs {
		response.addTensor("outputs", t, s.within)
		if !s.within {
			response.add("raw_output_contents", t.raw)
		}
	}
	return stream.SendMsg(response.Message)
}
